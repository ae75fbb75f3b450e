import { type EventLog, eachItem, followReporting, type LogEvent } from '@sluice/event-log';
import { decodeAck, decodeEvent, type Fact } from '@sluice/events';
import type { Logger } from '@sluice/service-kit';
import type { Metrics } from '../metrics.ts';
import type { ChangeTimes } from './change-times.ts';
import type { Inbox, Poison, ReceivedFact } from './inbox.ts';
import type { ServerWatch } from './server-watch.ts';

/** What the readers work with. */
export interface ReaderDeps {
  readonly log: EventLog;
  readonly inbox: Inbox;
  readonly servers: ServerWatch;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly changeTimes: ChangeTimes;
  readonly signal: AbortSignal;
}

/** Follows FACTS into the inbox until the signal aborts. What cannot be decoded is passed on as poison. */
export async function followFacts(deps: ReaderDeps): Promise<void> {
  const { log, inbox, logger, metrics, signal } = deps;
  await eachItem(followReporting(log, 'FACTS', { signal }), async (item) => {
    if (item.kind === 'damage') {
      logger.error({ damage: item.damage }, 'damage on the log, last state stays in force');
      metrics.damage.inc({ stream: 'FACTS' });
      return;
    }
    const facts: ReceivedFact[] = [];
    const poison: Poison[] = [];
    for (const event of item.events) {
      const decoded = decodeEvent('FACTS', event.data);
      if (decoded.ok) facts.push(received(event, decoded.event));
      else poison.push({ seq: event.seq, subject: event.subject, error: decoded.error });
    }
    metrics.facts.inc(facts.length);
    if (item.reset) facts.push(...(await lastGoodOnes(deps, poison)));
    await inbox.put({
      kind: 'facts',
      reset: item.reset,
      facts,
      poison,
      position: item.position,
      caughtUp: item.caughtUp,
    });
  });
}

/** Follows ACKS into the inbox until the signal aborts. */
export async function followAcks(deps: ReaderDeps): Promise<void> {
  const { log, inbox, servers, logger, metrics, changeTimes, signal } = deps;
  for await (const item of log.follow('ACKS', { signal })) {
    if (item.kind === 'damage') {
      logger.warn({ damage: item.damage }, 'damage on the acknowledgements');
      metrics.damage.inc({ stream: 'ACKS' });
      continue;
    }
    const acks = item.events.flatMap((event) => {
      const decoded = decodeAck(event);
      if (decoded.ok) {
        const { subject, timeMs, traceparent } = event;
        changeTimes.acknowledged(decoded.event, timeMs);
        servers.know(decoded.event, timeMs);
        return [{ subject, ack: decoded.event, timeMs, traceparent }];
      }
      logger.warn(
        { seq: event.seq, subject: event.subject, error: decoded.error },
        'acknowledgement cannot be decoded',
      );
      return [];
    });
    await inbox.put({ kind: 'acks', reset: item.reset, acks });
  }
}

/** A folded state holds only the newest word on a subject: where that is poison, the good one before it is looked up. */
async function lastGoodOnes(deps: ReaderDeps, poison: readonly Poison[]): Promise<ReceivedFact[]> {
  const found: ReceivedFact[] = [];
  for (const { subject, seq } of poison) {
    const good = await lastGood(deps, subject, seq - 1);
    if (good !== undefined) found.push(good);
  }
  return found;
}

async function lastGood(deps: ReaderDeps, subject: string, toSeq: number): Promise<ReceivedFact | undefined> {
  const { log, signal } = deps;
  let good: LogEvent | undefined;
  if (toSeq < 1) return undefined;
  for await (const event of log.read('FACTS', { subjects: [subject, 'log.>'], toSeq, signal })) {
    if (event.type === 'EpochStarted' || (event.subject === subject && event.tombstone)) good = undefined;
    else if (event.subject === subject && decodeEvent('FACTS', event.data).ok) good = event;
  }
  if (good === undefined) return undefined;
  const decoded = decodeEvent('FACTS', good.data);
  return decoded.ok ? received(good, decoded.event) : undefined;
}

function received({ subject, seq, timeMs, traceparent }: LogEvent, fact: Fact): ReceivedFact {
  const event = { seq, timeMs, ...(traceparent === undefined ? {} : { traceparent }) };
  return { input: { subject, fact }, event };
}
