import { Unavailable } from '../backend.ts';
import type { RawMessage } from '../model/message.ts';
import { type LogContext, persist } from './context.ts';

export interface ScanRange {
  readonly fromSeq: number;
  /** Last sequence; the scan ends there or where nothing more is waiting. */
  readonly toSeq: number;
  readonly fromTimeMs?: number;
  readonly signal?: AbortSignal;
}

const batchSize = 500;
/** A reader that ends before a message that is stored is opened anew so often, one after the other, for that message. */
const maxAgain = 5;

/** Reads a range of raw messages and ends; goes on over reconnects. Memory: one batch. */
export async function* scan(
  context: LogContext,
  stream: string,
  range: ScanRange,
): AsyncGenerator<RawMessage> {
  let next = range.fromSeq;
  let fromTimeMs = range.fromTimeMs;
  const again = { seq: 0, count: 0 };
  while (next <= range.toSeq) {
    const from = fromTimeMs === undefined ? { seq: next } : { timeMs: fromTimeMs };
    const reader = await persist(context, () => context.backend.open(stream, from), range.signal);
    try {
      let drained = reader.empty;
      while (!drained && next <= range.toSeq) {
        const batch = await reader.next(batchSize);
        drained = batch.drained;
        for (const message of batch.messages) {
          if (message.seq > range.toSeq) return;
          if (message.seq < next) continue;
          next = message.seq + 1;
          fromTimeMs = undefined;
          yield message;
        }
      }
      if (fromTimeMs !== undefined || next > range.toSeq) return;
      if (!(await isPassedOver({ context, stream, ...range }, { seq: next, again }))) return;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    } finally {
      reader.close();
    }
  }
}

/**
 * Whether the message at `seq`, which a reader did not bring, is stored all the same: then the reader was at fault, and another
 * is to be opened. False after some tries for the same message.
 */
export async function isPassedOver(
  at: { readonly context: LogContext; readonly stream: string; readonly signal?: AbortSignal },
  of: { readonly seq: number; readonly again: { seq: number; count: number } },
): Promise<boolean> {
  const { seq, again } = of;
  again.count = again.seq === seq ? again.count + 1 : 1;
  again.seq = seq;
  if (again.count > maxAgain) return false;
  return (await persist(at.context, () => at.context.backend.get(at.stream, seq), at.signal)) !== undefined;
}
