import { type BackendStreamInfo, type RawReader, Unavailable } from '../backend.ts';
import { StreamReader } from '../model/reader.ts';
import { packsOf, unsealAll } from '../model/stored-events.ts';
import {
  type Damage,
  type FollowItem,
  type FollowOptions,
  LogError,
  type LogEvent,
  type Position,
} from '../port.ts';
import { findBase } from './base.ts';
import { type LogContext, persist } from './context.ts';
import { Delivery } from './delivery.ts';
import { type Box, unboxed } from './each-item.ts';
import { onEarlyWord } from './early-word.ts';
import { isPassedOver } from './scan.ts';

const defaultMaxBatch = 1_000;
/** Pause between two looks for a stream that does not exist (yet, or any more). */
const absentPauseMs = 250;
/** Pause after a reader was lost. */
const lostPauseMs = 20;

interface Run {
  readonly context: LogContext;
  readonly stream: string;
  readonly signal: AbortSignal;
  readonly maxBatch: number;
  readonly paceMs: FollowOptions['paceMs'];
  readonly early: FollowOptions['early'];
}

/** Where a reader stands between two connections. */
interface Place {
  readonly incarnation: string;
  readonly reader: StreamReader;
  readonly delivery: Delivery;
  /** The message that readers passed over though it is stored, and how often one after the other. */
  readonly again: { seq: number; count: number };
}

/** The `follow` of the port. Keeps no item that it has handed on. */
export function follow(
  context: LogContext,
  stream: string,
  options: FollowOptions = {},
): AsyncGenerator<FollowItem, void, void> {
  return unboxed(items(context, stream, options));
}

async function* items(
  context: LogContext,
  stream: string,
  options: FollowOptions,
): AsyncGenerator<Box<FollowItem>, void, void> {
  const signal =
    options.signal === undefined ? context.closed : AbortSignal.any([options.signal, context.closed]);
  const { maxBatch = defaultMaxBatch, paceMs, early } = options;
  const run: Run = { context, stream, signal, maxBatch, paceMs, early };
  let position = options.from;
  let place: Place | undefined;
  try {
    while (!signal.aborted) {
      const info = await presentStream(run);
      const unfit = await misfit(run, info, {
        position: place?.delivery.position ?? position,
        readSeq: (place?.reader.nextSeq ?? 1) - 1,
      });
      if (unfit !== undefined) {
        if (unfit !== 'purged') yield { item: { kind: 'damage', damage: unfit } };
        position = undefined;
        place = undefined;
      }
      place ??= await start(run, {
        info,
        options,
        from: position,
        unfit: unfit === 'purged' ? undefined : unfit,
      });
      yield* session(run, place, info);
    }
  } catch (error) {
    if (!(signal.aborted && error instanceof LogError && error.code === 'closed')) throw error;
  }
}

async function presentStream(run: Run): Promise<BackendStreamInfo> {
  return await persist(
    run.context,
    async () => {
      const info = await run.context.backend.info(run.stream);
      if (info !== undefined) return info;
      await pause(absentPauseMs, run.signal);
      throw new Unavailable('the stream does not exist yet');
    },
    run.signal,
  );
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

/** Why a position does not fit the stream; `purged`: what follows it was dropped in favour of a checkpoint, which is no damage. */
async function misfit(
  run: Run,
  info: BackendStreamInfo,
  was: { position: Position | undefined; readSeq: number },
): Promise<Damage | 'purged' | undefined> {
  const { position } = was;
  if (position === undefined) return undefined;
  const { stream } = run;
  const { seq } = position;
  const readSeq = Math.max(was.readSeq, seq);
  if (position.incarnation !== info.incarnation) {
    return {
      stream,
      kind: 'stream-lost',
      from: 1,
      to: seq,
      message: 'the stream is another one than the one read before',
    };
  }
  if (info.lastSeq < readSeq) {
    const message = `the stream ends at ${info.lastSeq}, and was read up to ${readSeq} before`;
    return { stream, kind: 'sequence-went-back', from: info.lastSeq + 1, to: readSeq, message };
  }
  if (info.gapless && info.firstSeq > seq + 1) return 'purged';
  if (seq === 0 || position.hash === '' || seq < info.firstSeq) return undefined;
  const raw = await persist(run.context, () => run.context.backend.get(stream, seq), run.signal);
  const event = raw === undefined ? undefined : unsealAll(raw, packsOf(info.definition))?.at(-1);
  if (event === undefined || event.hash === position.hash) return undefined;
  return {
    stream,
    kind: 'sequence-went-back',
    from: seq,
    to: seq,
    message: 'another event stands where this one was read before',
  };
}

async function start(
  run: Run,
  of: {
    info: BackendStreamInfo;
    options: FollowOptions;
    from: Position | undefined;
    unfit: Damage | undefined;
  },
): Promise<Place> {
  const { info, from, unfit } = of;
  const shared = { incarnation: info.incarnation, subjects: of.options.subjects, targetSeq: info.lastSeq };
  if (from !== undefined) {
    const reader = new StreamReader({
      stream: run.stream,
      gapless: info.gapless,
      packs: packsOf(info.definition),
      nextSeq: from.seq + 1,
      hash: from.hash,
    });
    return {
      incarnation: info.incarnation,
      reader,
      delivery: new Delivery(reader, shared),
      again: noneYet(),
    };
  }
  const base = await findBase(run.context, info);
  // What a stream that went back holds is old: only its owner can say that it counts.
  const hold = info.gapless && unfit?.kind === 'sequence-went-back' ? { holdUpTo: info.lastSeq } : {};
  const holdWhileEmpty = unfit !== undefined;
  const delivery = new Delivery(base.reader, { ...shared, fold: base.fold, holdWhileEmpty, ...hold });
  if (base.damage !== undefined) delivery.damaged(base.damage);
  return { incarnation: info.incarnation, reader: base.reader, delivery, again: noneYet() };
}

function noneYet(): Place['again'] {
  return { seq: 0, count: 0 };
}

/** True where the head was purged past `seq` while it was being read: then the next session begins at the checkpoint. */
async function isPurged(run: Run, seq: number): Promise<boolean> {
  const info = await persist(run.context, () => run.context.backend.info(run.stream), run.signal);
  return info !== undefined && info.firstSeq > seq;
}

/** Whether what a reader did not bring is no damage: the head was purged past it, or it is stored after all. */
async function isReadAgain(run: Run, { reader, again }: Place): Promise<boolean> {
  const seq = reader.nextSeq;
  if (await isPurged(run, seq)) return true;
  if (!(await isPassedOver(run, { seq, again }))) return false;
  await pause(lostPauseMs, run.signal);
  return true;
}

/** Reads over one connection, until it is lost or the head is purged past it. */
async function* session(
  run: Run,
  place: Place,
  info: BackendStreamInfo,
): AsyncGenerator<Box<FollowItem>, void, void> {
  const { reader, delivery } = place;
  let raw: RawReader | undefined;
  const stop = (): void => raw?.close();
  run.signal.addEventListener('abort', stop);
  const deaf = hearEarly(run, place);
  try {
    raw = await persist(
      run.context,
      () => run.context.backend.open(run.stream, { seq: reader.nextSeq, paceMs: run.paceMs }),
      run.signal,
    );
    let drained = raw.empty;
    for (;;) {
      if (info.gapless && drained && reader.nextSeq <= info.lastSeq) {
        if (await isReadAgain(run, place)) return;
        delivery.take(reader.missing(info.lastSeq));
      }
      yield* delivery.items(drained);
      if (run.signal.aborted) return;
      const batch = await raw.next(run.maxBatch);
      for (const message of batch.messages) {
        if (info.gapless && message.seq > reader.nextSeq && (await isReadAgain(run, place))) return;
        if (delivery.held >= run.maxBatch) yield* delivery.items(false);
        delivery.take(reader.push(message));
      }
      drained = batch.drained;
    }
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    await pause(lostPauseMs, run.signal);
  } finally {
    run.signal.removeEventListener('abort', stop);
    deaf();
    raw?.close();
  }
}

function hearEarly(run: Run, { reader, delivery }: Place): () => void {
  const { context, stream, early } = run;
  if (early === undefined) return () => {};
  const handler = (events: readonly LogEvent[]): void => {
    const wanted = delivery.tailing ? events.filter(({ subject }) => delivery.wants(subject)) : [];
    if (wanted.length > 0) early(wanted);
  };
  return onEarlyWord(context.backend, stream, { reader, handler });
}
