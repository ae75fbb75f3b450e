import { packsOf, unsealAll } from '../model/stored-events.ts';
import { subjectMatcher } from '../model/subject-filter.ts';
import { Transactions } from '../model/transactions.ts';
import type { LogEvent, ReadOptions } from '../port.ts';
import { existingStream, type LogContext } from './context.ts';
import { scan } from './scan.ts';

/** The `read` of the port: what is retained as it stands; aborted and open transactions are left out. Damage is `verify`'s concern. */
export async function* read(
  context: LogContext,
  stream: string,
  options: ReadOptions = {},
): AsyncGenerator<LogEvent> {
  const { fromSeq = 1, fromTimeMs, toTimeMs = Number.POSITIVE_INFINITY, signal } = options;
  const { lastSeq, definition } = await existingStream(context, stream);
  const { toSeq = lastSeq } = options;
  const matches = subjectMatcher(options.subjects);
  const transactions = new Transactions();
  const range = {
    fromSeq,
    toSeq,
    ...(fromTimeMs === undefined ? {} : { fromTimeMs }),
    ...(signal === undefined ? {} : { signal }),
  };
  for await (const raw of scan(context, stream, range)) {
    if (raw.timeMs > toTimeMs || signal?.aborted === true) return;
    const events = unsealAll(raw, packsOf(definition));
    if (events === undefined)
      context.logger?.warn({ stream, seq: raw.seq }, 'a message is no event of the log');
    for (const event of events ?? [])
      yield* transactions.next(event).filter((certain) => matches(certain.subject));
  }
}
