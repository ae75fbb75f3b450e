import { type CheckpointData, checkpointOf, controlSubject, controlTypes } from '../model/control.ts';
import { eventHash, unseal } from '../model/envelope.ts';
import { Fold } from '../model/fold.ts';
import type { RawMessage, StoredEvent } from '../model/message.ts';
import { decodeSnapshot } from '../model/snapshot.ts';
import { type LogContext, persist } from './context.ts';
import { scan } from './scan.ts';

/** A checkpoint's closing event. */
export interface CheckpointMark {
  readonly closingSeq: number;
  readonly data: CheckpointData;
}

function markOf(raw: RawMessage | undefined): CheckpointMark | undefined {
  const event = raw === undefined ? undefined : unseal(raw);
  if (event === undefined || eventHash(event) !== event.hash) return undefined;
  const data = checkpointOf(event);
  return data === undefined ? undefined : { closingSeq: event.seq, data };
}

/** The newest checkpoint's mark, with `atSeq` the newest one that stands for no later sequence. Its chunks are not looked at. */
export async function newestMark(
  context: LogContext,
  stream: string,
  atSeq = Number.MAX_SAFE_INTEGER,
): Promise<CheckpointMark | undefined> {
  const newest = await persist(context, () =>
    context.backend.last(stream, controlSubject.checkpoint(stream)),
  );
  let mark = markOf(newest);
  while (mark !== undefined && mark.data.seq > atSeq) mark = await markBefore(context, stream, mark);
  return mark;
}

/** The checkpoint before another one; undefined where it is none, or purged. */
export async function markBefore(
  context: LogContext,
  stream: string,
  mark: CheckpointMark,
): Promise<CheckpointMark | undefined> {
  const { previous } = mark.data;
  if (previous === 0) return undefined;
  return markOf(await persist(context, () => context.backend.get(stream, previous)));
}

/** Reads the state that a checkpoint stands for; undefined where a chunk is missing or does not match its hash. */
export async function loadCheckpoint(
  context: LogContext,
  stream: string,
  data: CheckpointData,
): Promise<Fold | undefined> {
  const chunks: Uint8Array[] = [];
  if (data.chunks > 0) {
    for await (const raw of scan(context, stream, {
      fromSeq: data.firstChunkSeq,
      toSeq: data.lastChunkSeq,
    })) {
      if (raw.subject === controlSubject.chunk(stream, data.id, chunks.length)) chunks.push(raw.data);
    }
  }
  if (chunks.length !== data.chunks) return undefined;
  const events = decodeOrNothing(chunks);
  if (events === undefined || events.some((event) => eventHash(event) !== event.hash)) return undefined;
  const fold = new Fold(events);
  return fold.hash() === data.stateHash ? fold : undefined;
}

function decodeOrNothing(chunks: readonly Uint8Array[]): StoredEvent[] | undefined {
  try {
    return decodeSnapshot(chunks);
  } catch {
    return undefined;
  }
}

/** Sequence of the newest epoch start; 0 for none. */
export async function newestEpochStart(
  context: LogContext,
  stream: string,
): Promise<StoredEvent | undefined> {
  const raw = await persist(context, () => context.backend.last(stream, controlSubject.epoch(stream)));
  const event = raw === undefined ? undefined : unseal(raw);
  return event?.type === controlTypes.epochStarted ? event : undefined;
}
