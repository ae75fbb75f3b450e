import { type EventLog, eachItem, followReporting, type LogEvent } from '@sluice/event-log';
import { decodeAck, decodeEvent } from '@sluice/events';
import type { Logger } from '@sluice/service-kit';
import type { FactInput } from '../core/index.ts';
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
  const early = new EarlyFacts(inbox);
  const options = { signal, early: (events: readonly LogEvent[]) => early.say(events) };
  await eachItem(followReporting(log, 'FACTS', options), async (item) => {
    if (item.kind === 'damage') {
      logger.error({ damage: item.damage }, 'damage on the log, last state stays in force');
      metrics.damage.inc({ stream: 'FACTS' });
      return;
    }
    const facts: ReceivedFact[] = [];
    const poison: Poison[] = [];
    for (const event of item.events) {
      const decoded = early.decode(event);
      if (decoded.ok) facts.push(received(event, decoded.input));
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
  const decoded = decodeFact(good);
  return decoded.ok ? received(good, decoded.input) : undefined;
}

type DecodedFact =
  | { readonly ok: true; readonly input: FactInput }
  | { readonly ok: false; readonly error: string };

function decodeFact({ subject, data }: LogEvent): DecodedFact {
  const decoded = decodeEvent('FACTS', data);
  return decoded.ok ? { ok: true, input: { subject, fact: decoded.event } } : decoded;
}

function received({ seq, timeMs, traceparent }: LogEvent, input: FactInput): ReceivedFact {
  return { input, event: { seq, timeMs, ...(traceparent === undefined ? {} : { traceparent }) } };
}

/** Facts that were said early: those that come with the same hash are the same objects. */
class EarlyFacts {
  readonly #inbox: Inbox;
  #said: ReadonlyMap<string, FactInput> = new Map();

  constructor(inbox: Inbox) {
    this.#inbox = inbox;
  }

  say(events: readonly LogEvent[]): void {
    const said = new Map<string, FactInput>();
    for (const event of events) {
      const decoded = decodeFact(event);
      if (!decoded.ok) return;
      said.set(event.hash, decoded.input);
    }
    this.#said = said;
    this.#inbox.sayEarly([...said.values()]);
  }

  decode(event: LogEvent): DecodedFact {
    const input = this.#said.get(event.hash);
    return input === undefined ? decodeFact(event) : { ok: true, input };
  }
}
