// A reader that comes upon damage tells the owner of the stream, who may have read past it long ago. Notices are core
// messages, at most once, so they are repeated as long as the damage stands in the reader's way.

import type { Damage, EventLog, FollowItem, FollowOptions } from '../port.ts';
import { type Box, inBoxes, unboxed } from './each-item.ts';

/** What a reader reports. */
export interface DamageNotice {
  readonly damage: Damage;
  /** Writers' epochs up to here have been seen by the reader: a new one must be above. */
  readonly aboveEpoch: number;
}

const repeatMs = 2_000;
const kinds: ReadonlySet<unknown> = new Set<Damage['kind']>([
  'gap',
  'chain-broken',
  'sequence-went-back',
  'stream-lost',
  'undecodable-envelope',
]);

/** Core subject of the notices on a stream. */
export function damageSubject(stream: string): string {
  return `damage.${stream}`;
}

/** Tells the owner of the stream, if it listens. */
export function reportDamage(log: Pick<EventLog, 'notify'>, notice: DamageNotice): void {
  log.notify(damageSubject(notice.damage.stream), new TextEncoder().encode(JSON.stringify(notice)));
}

/** Calls `handler` for each notice on a stream until the function that it gives is called. */
export function onDamageReported(
  log: Pick<EventLog, 'listen'>,
  stream: string,
  handler: (notice: DamageNotice) => void,
): () => void {
  return log.listen(damageSubject(stream), (data) => {
    const notice = parse(data);
    if (notice?.damage.stream === stream) handler(notice);
  });
}

/** `follow` that reports damage until a batch comes again. `aboveEpoch` is asked at each report. Keeps no item that it has handed on. */
export function followReporting(
  log: EventLog,
  stream: string,
  options: FollowOptions & { readonly aboveEpoch?: () => number } = {},
): AsyncGenerator<FollowItem, void, void> {
  const reporter = new Reporter(log, options.aboveEpoch ?? (() => 0));
  return unboxed(reported(log.follow(stream, options), reporter));
}

async function* reported(
  items: AsyncIterable<FollowItem>,
  reporter: Reporter,
): AsyncGenerator<Box<FollowItem>, void, void> {
  try {
    for await (const box of inBoxes(items)) {
      reporter.saw(box.item);
      yield box;
    }
  } finally {
    reporter.stop();
  }
}

/** Reports the damage that was seen last, again and again until something else comes. */
class Reporter {
  readonly #log: EventLog;
  readonly #aboveEpoch: () => number;
  #repeating: NodeJS.Timeout | undefined;

  constructor(log: EventLog, aboveEpoch: () => number) {
    this.#log = log;
    this.#aboveEpoch = aboveEpoch;
  }

  saw(item: FollowItem | undefined): void {
    this.stop();
    if (item?.kind !== 'damage') return;
    const { damage } = item;
    const report = (): void => reportDamage(this.#log, { damage, aboveEpoch: this.#aboveEpoch() });
    report();
    this.#repeating = setInterval(report, repeatMs);
  }

  stop(): void {
    clearInterval(this.#repeating);
  }
}

function parse(data: Uint8Array): DamageNotice | undefined {
  try {
    const value = JSON.parse(new TextDecoder().decode(data)) as Partial<DamageNotice> | null;
    const { damage, aboveEpoch } = value ?? {};
    const valid =
      Number.isSafeInteger(aboveEpoch) &&
      kinds.has(damage?.kind) &&
      typeof damage?.stream === 'string' &&
      typeof damage.message === 'string' &&
      Number.isSafeInteger(damage.from) &&
      Number.isSafeInteger(damage.to);
    return valid ? (value as DamageNotice) : undefined;
  } catch {
    return undefined;
  }
}
