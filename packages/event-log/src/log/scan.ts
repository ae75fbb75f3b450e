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

/** Reads a range of raw messages and ends; goes on over reconnects. Memory: one batch. */
export async function* scan(
  context: LogContext,
  stream: string,
  range: ScanRange,
): AsyncGenerator<RawMessage> {
  let next = range.fromSeq;
  let fromTimeMs = range.fromTimeMs;
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
      return;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    } finally {
      reader.close();
    }
  }
}
