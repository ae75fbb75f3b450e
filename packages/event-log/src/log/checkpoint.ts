import {
  type CheckpointData,
  controlSubject,
  controlTypes,
  encodeControl,
  type Lease,
} from '../model/control.ts';
import { chunkBytes, encodeSnapshot } from '../model/snapshot.ts';
import { LogError, type NewEvent } from '../port.ts';
import { loadCheckpoint, newestMark } from './checkpoint-store.ts';
import { type LogContext, persist } from './context.ts';
import { currentLease, renewLease } from './lease.ts';
import { readState } from './state.ts';
import type { StreamWriter } from './writer.ts';

/** Chunks that are written in one step. */
const chunksAtOnce = 8;

/** The `checkpoint` of the port. @throws LogError `damaged` where the stream, or the checkpoint as read back, is not whole */
export async function writeCheckpoint(
  context: LogContext,
  writer: StreamWriter,
  purge: boolean,
): Promise<{ seq: number; hash: string }> {
  const { stream } = writer;
  const { fold, reader } = await readState(context, stream);
  const { seq, hash: seqHash } = reader.settled;
  const id = `${seq}-${context.randomId()}`;
  const limit = Math.min(chunkBytes, Math.floor(context.backend.maxMessageBytes / 2));
  const written = await writeChunks(writer, { id, chunks: encodeSnapshot(fold.sorted(), limit) });
  const previous = await newestMark(context, stream);
  const leases = await leasesAt(context, stream, [...reader.chains.heads.keys()]);
  const data: CheckpointData = {
    id,
    seq,
    seqHash,
    stateHash: fold.hash(),
    ...written,
    previous: previous?.closingSeq ?? 0,
    heads: Object.fromEntries(reader.chains.heads),
    leases: Object.fromEntries(leases.map((lease) => [lease.writer, { epoch: lease.epoch, seq: lease.seq }])),
  };
  const closing: NewEvent = {
    subject: controlSubject.checkpoint(stream),
    type: controlTypes.checkpoint,
    tombstone: false,
    data: encodeControl(data),
  };
  await writer.appendControl([closing]);
  await assertReadable(context, stream, data);
  if (purge) await purgeHead(context, stream, { seq, leases });
  context.logger?.info({ stream, seq, events: fold.size, chunks: data.chunks, purge }, 'checkpoint written');
  return { seq, hash: data.stateHash };
}

async function writeChunks(
  writer: StreamWriter,
  of: { id: string; chunks: Iterable<Uint8Array> },
): Promise<{ chunks: number; firstChunkSeq: number; lastChunkSeq: number }> {
  let chunks = 0;
  let firstChunkSeq = 0;
  let lastChunkSeq = 0;
  let group: NewEvent[] = [];
  const flush = async (): Promise<void> => {
    if (group.length === 0) return;
    const { lastSeq } = await writer.appendControl(group);
    if (firstChunkSeq === 0) firstChunkSeq = lastSeq - group.length + 1;
    lastChunkSeq = lastSeq;
    group = [];
  };
  for (const data of of.chunks) {
    group.push({
      subject: controlSubject.chunk(writer.stream, of.id, chunks),
      type: controlTypes.chunk,
      tombstone: false,
      data,
    });
    chunks += 1;
    if (group.length === chunksAtOnce) await flush();
  }
  await flush();
  return { chunks, firstChunkSeq, lastChunkSeq };
}

async function leasesAt(context: LogContext, stream: string, names: readonly string[]): Promise<Lease[]> {
  const leases: Lease[] = [];
  for (const name of names) {
    const lease = await currentLease(context, stream, name);
    if (lease !== undefined) leases.push(lease);
  }
  return leases;
}

async function assertReadable(context: LogContext, stream: string, data: CheckpointData): Promise<void> {
  const mark = await newestMark(context, stream, data.seq);
  const fold = mark?.data.id === data.id ? await loadCheckpoint(context, stream, data) : undefined;
  if (fold !== undefined) return;
  throw new LogError('damaged', `the checkpoint of ${stream} at ${data.seq} cannot be read back`, {
    hint: 'Nothing was dropped. Check the disk of the NATS server, then run verify.',
  });
}

/** A lease below the cut is renewed for its holder first: without its event nobody could tell who holds it. */
async function purgeHead(
  context: LogContext,
  stream: string,
  of: { seq: number; leases: readonly Lease[] },
): Promise<void> {
  for (const lease of of.leases) {
    if (lease.seq > of.seq) continue;
    const now = await currentLease(context, stream, lease.writer);
    if (now !== undefined && now.seq <= of.seq) await renewLease(context, stream, now);
  }
  for (const lease of of.leases) {
    const now = await currentLease(context, stream, lease.writer);
    if (now === undefined || now.seq <= of.seq)
      throw new LogError('damaged', `the lease of ${lease.writer} on ${stream} was not renewed`, {
        hint: 'Nothing was dropped; try again.',
      });
  }
  await persist(context, () => context.backend.purgeBelow(stream, of.seq + 1));
}
