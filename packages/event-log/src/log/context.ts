import pRetry from 'p-retry';
import { type Backend, type BackendStreamInfo, Unavailable } from '../backend.ts';
import { LogError } from '../port.ts';

/** What a log writes its notes to; pino fits. Never given data of events. */
export interface LogLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Places where a test may hold or end a writer. */
export interface FailPoints {
  /** Before each batch of a transaction but its first; `index` from 1. A throw ends the writer there, as a crash would. */
  betweenBatches?(index: number): Promise<void> | void;
}

/** What the parts of one log share. */
export interface LogContext {
  readonly backend: Backend;
  /** Aborts when the log is closed. */
  readonly closed: AbortSignal;
  readonly logger: LogLogger | undefined;
  /** A new random text on each call. */
  readonly randomId: () => string;
  readonly failPoints: FailPoints;
  /** Shortest and longest pause between two tries, milliseconds. */
  readonly retryMs: { readonly min: number; readonly max: number };
}

/** The error of calls that the closing of the log (or of a writer) cut short. */
export function closedError(): LogError {
  return new LogError('closed', 'the event log is closed', { hint: 'Open a new connection.' });
}

/**
 * Runs `work` until the store answers: retries `Unavailable` for ever, `retryMs` apart. Any other error is thrown.
 * @throws LogError `closed` when the log closes meanwhile, or `signal` aborts
 */
export async function persist<T>(
  context: LogContext,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const ends = signal === undefined ? context.closed : AbortSignal.any([signal, context.closed]);
  if (ends.aborted) throw closedError();
  try {
    return await pRetry(work, {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: context.retryMs.min,
      maxTimeout: context.retryMs.max,
      factor: 2,
      signal: ends,
      shouldRetry: ({ error }) => error instanceof Unavailable,
    });
  } catch (error) {
    if (ends.aborted) throw closedError();
    throw error;
  }
}

/** What is known of a stream that must exist. @throws LogError `stream-mismatch` */
export async function existingStream(context: LogContext, stream: string): Promise<BackendStreamInfo> {
  const info = await persist(context, () => context.backend.info(stream));
  if (info !== undefined) return info;
  throw new LogError('stream-mismatch', `there is no stream ${stream}`, { hint: 'Call ensureStream first.' });
}
