import type { BackendStreamInfo } from '../backend.ts';
import { Fold } from '../model/fold.ts';
import { StreamReader } from '../model/reader.ts';
import { packsOf } from '../model/stored-events.ts';
import type { Damage } from '../port.ts';
import { loadCheckpoint, markBefore, newestEpochStart, newestMark } from './checkpoint-store.ts';
import type { LogContext } from './context.ts';

/** Where reading a stream begins: a state, and a reader that goes on from it. */
export interface Base {
  readonly fold: Fold;
  readonly reader: StreamReader;
  /** Set: nothing good to begin with is left; only an epoch start mends it. */
  readonly damage?: Damage;
}

/**
 * The newest good checkpoint or epoch start, else the beginning of the stream. With `atSeq`: the newest good checkpoint
 * at or before it, or the beginning.
 */
export async function findBase(context: LogContext, info: BackendStreamInfo, atSeq?: number): Promise<Base> {
  const stream = info.name;
  const epoch = atSeq === undefined ? await newestEpochStart(context, stream) : undefined;
  const common = { stream, gapless: info.gapless, packs: packsOf(info.definition) };
  let mark = await newestMark(context, stream, atSeq);
  while (mark !== undefined && mark.data.seq >= (epoch?.seq ?? 0) && mark.data.seq >= info.firstSeq - 1) {
    const { data } = mark;
    const fold = await loadCheckpoint(context, stream, data);
    if (fold !== undefined) {
      return {
        fold,
        reader: new StreamReader({ ...common, nextSeq: data.seq + 1, hash: data.seqHash, heads: data.heads }),
      };
    }
    context.logger?.warn({ stream, seq: mark.closingSeq }, 'checkpoint is damaged, trying the one before');
    mark = await markBefore(context, stream, mark);
  }
  if (epoch !== undefined)
    return { fold: new Fold(), reader: new StreamReader({ ...common, nextSeq: epoch.seq }) };
  return fromTheBeginning(info);
}

function fromTheBeginning(info: BackendStreamInfo): Base {
  const { name: stream, gapless, firstSeq } = info;
  const reader = new StreamReader({
    stream,
    gapless,
    packs: packsOf(info.definition),
    nextSeq: gapless ? Math.max(firstSeq, 1) : 1,
  });
  const fold = new Fold();
  if (!gapless || firstSeq <= 1) return { fold, reader };
  const message = 'the head of the stream is gone and no good checkpoint stands for it';
  return { fold, reader, damage: { stream, kind: 'gap', from: 1, to: firstSeq - 1, message } };
}
