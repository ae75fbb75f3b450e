// The log's own events: leases, epoch starts, checkpoints, aborted transactions. They stand on the stream that they
// concern, so one sequence orders them with the events; their subjects begin with `log.v1.<stream>.`.
import type { Damage } from '../port.ts';
import type { ChainHead, StoredEvent } from './message.ts';

export const controlTypes = {
  leaseTaken: 'LeaseTaken',
  leaseRenewed: 'LeaseRenewed',
  epochStarted: 'EpochStarted',
  chunk: 'CheckpointChunk',
  checkpoint: 'CheckpointClosed',
  aborted: 'TransactionAborted',
} as const;

/** Subjects of a stream's own events. */
export const controlSubject = {
  all: (stream: string): string => `log.v1.${stream}.>`,
  lease: (stream: string, writer: string): string => `log.v1.${stream}.lease.${writer}`,
  epoch: (stream: string): string => `log.v1.${stream}.epoch`,
  chunk: (stream: string, checkpoint: string, index: number): string =>
    `log.v1.${stream}.chunk.${checkpoint}.${index}`,
  chunks: (stream: string): string => `log.v1.${stream}.chunk.>`,
  checkpoint: (stream: string): string => `log.v1.${stream}.checkpoint`,
  aborted: (stream: string, writer: string): string => `log.v1.${stream}.aborted.${writer}`,
} as const;

/** True for the log's own events, which folds and followers leave out. */
export function isControl(subject: string): boolean {
  return subject.startsWith('log.');
}

/** Data of LeaseTaken and LeaseRenewed. */
export interface LeaseData {
  /** Random, one per holder: tells it from every other one of its name. */
  readonly instance: string;
  /** Head of the writer's chain that the holder saw when it took the lease; null where there was none. */
  readonly head: ChainHead | null;
}

/** A lease as a reader knows it. */
export interface Lease extends LeaseData {
  readonly writer: string;
  readonly epoch: number;
  /** Sequence of its newest event, which every append of the holder expects. */
  readonly seq: number;
}

/** Data of CheckpointClosed. */
export interface CheckpointData {
  /** Names its chunks. */
  readonly id: string;
  /** Last sequence folded in, and the hash of the event there. */
  readonly seq: number;
  readonly seqHash: string;
  /** `FoldedState.hash`. */
  readonly stateHash: string;
  /** Number of chunks, and the range of sequences that holds them; 0 where the state is empty. */
  readonly chunks: number;
  readonly firstChunkSeq: number;
  readonly lastChunkSeq: number;
  /** Sequence of the checkpoint before this one; 0 for none. */
  readonly previous: number;
  /** Chains and leases at `seq`. */
  readonly heads: Readonly<Record<string, ChainHead>>;
  readonly leases: Readonly<Record<string, { readonly epoch: number; readonly seq: number }>>;
}

/** Data of EpochStarted. */
export interface EpochData {
  readonly reason: string;
  readonly damage: Damage | null;
}

const encoder = new TextEncoder();

/** The data of a control event as bytes. */
export function encodeControl(
  data: LeaseData | CheckpointData | EpochData | { readonly transaction: string },
): Uint8Array {
  return encoder.encode(JSON.stringify(data));
}

function parse(event: StoredEvent): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(event.data));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The lease that an event takes or renews; undefined for any other event. */
export function leaseOf(event: StoredEvent): Lease | undefined {
  if (event.type !== controlTypes.leaseTaken && event.type !== controlTypes.leaseRenewed) return undefined;
  const data = parse(event);
  if (typeof data?.instance !== 'string') return undefined;
  const head = (data.head ?? null) as ChainHead | null;
  return {
    instance: data.instance,
    head,
    writer: event.writer.name,
    epoch: event.writer.epoch,
    seq: event.seq,
  };
}

/** The checkpoint that an event closes; undefined for any other event. Its hash vouches for the shape. */
export function checkpointOf(event: StoredEvent): CheckpointData | undefined {
  if (event.type !== controlTypes.checkpoint) return undefined;
  const data = parse(event);
  if (typeof data?.seq !== 'number' || typeof data.id !== 'string' || typeof data.chunks !== 'number')
    return undefined;
  return data as unknown as CheckpointData;
}
