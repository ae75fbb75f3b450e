// How long the newest change of a route took from the log to the last Envoy. In: when events were stored by the log's
// server, so that no two clocks are compared; out: a delay, or why there is none. What is read is bounded: the words of
// ACKS that are kept for each Envoy.
import { type AckEvent, compareRevisions, type Revision } from '@sluice/events';

type EnvoyState = Extract<AckEvent, { type: 'EnvoyStateChanged' }>;

/** A word on an Envoy, with the time at which it was stored. */
export interface TimedAck {
  readonly ack: AckEvent;
  readonly timeMs: number;
}

/** The change of a route: its newest fact, and the revision in which it last changed. */
export interface RouteChange {
  readonly factSeq: number;
  readonly factMs: number;
  /** Undefined where no Gateway serves it. */
  readonly served: { readonly revision: Revision; readonly putMs: number } | undefined;
  /** The IR has this generation of it. A fact that changes nothing that is served raises no revision. */
  readonly translated: boolean;
}

/** What is known of the delivery of a route's newest change. */
export type Delivery =
  /** Not translated, or not acknowledged by the Envoys that are named; none named: none is connected. */
  | { readonly state: 'pending'; readonly waitingFor: readonly string[] }
  | {
      readonly state: 'acknowledged';
      readonly revision: Revision;
      /** Milliseconds from the fact to the last acknowledgement; null where that is no longer retained. */
      readonly delayMs: number | null;
      /** Node id of the Envoy that was last. */
      readonly slowest: string | null;
    }
  /** No Gateway serves the route. */
  | { readonly state: 'not-served' };

interface Word {
  readonly ack: EnvoyState;
  readonly timeMs: number;
}

/** What was said of the Envoys that are connected. */
export class AckHistory {
  /** By node id; each in order, the newest last. */
  readonly #nodes = new Map<string, Word[]>();

  /** @param acks in order of sequence. */
  constructor(acks: readonly TimedAck[]) {
    const gone = new Set<string>();
    for (const { ack, timeMs } of acks) {
      if (ack.type === 'DatapathStateChanged' || ack.type === 'DatapathDescribed') continue;
      if (ack.type === 'XdsServerStarted') {
        for (const [node, words] of this.#nodes) if (words.at(-1)?.ack.server === ack.server) gone.add(node);
        continue;
      }
      const words = this.#nodes.get(ack.node) ?? [];
      // An Envoy that has gone to another xds-server is there: what the one before says of it counts no more.
      const leaving = ack.state === 'disconnected';
      if (leaving && words.length > 0 && words.at(-1)?.ack.server !== ack.server) continue;
      this.#nodes.set(ack.node, [...words, { ack, timeMs }]);
      if (leaving) gone.add(ack.node);
      else gone.delete(ack.node);
    }
    for (const node of gone) this.#nodes.delete(node);
  }

  /** What became of a route's newest change. */
  deliveryOf(change: RouteChange): Delivery {
    const { factSeq, translated, served } = change;
    if (served === undefined) return { state: 'not-served' };
    if (!translated) return { state: 'pending', waitingFor: [] };
    const { revision } = served;
    const waitingFor = [...this.#nodes].filter(([, words]) => !hasAcked(words.at(-1), revision));
    if (waitingFor.length > 0 || this.#nodes.size === 0)
      return { state: 'pending', waitingFor: waitingFor.map(([node]) => node).sort() };
    const last = revision.seq < factSeq ? undefined : this.#lastAck(change, served);
    return {
      state: 'acknowledged',
      revision,
      delayMs: last === undefined ? null : Math.max(0, last.timeMs - change.factMs),
      slowest: last?.node ?? null,
    };
  }

  /**
   * The latest first acknowledgement of those Envoys that were waited for; where all came later, the earliest of them.
   * Undefined where it is no longer retained, or where the fact was already served before: then another object changed
   * the route.
   */
  #lastAck(
    { factSeq }: RouteChange,
    { revision, putMs }: NonNullable<RouteChange['served']>,
  ): { node: string; timeMs: number } | undefined {
    const waited: { node: string; timeMs: number }[] = [];
    const late: { node: string; timeMs: number }[] = [];
    for (const [node, words] of this.#nodes) {
      const at = words.findIndex((word) => hasAcked(word, revision));
      const word = words[at];
      const before = words[at - 1]?.ack.acked;
      // The first retained word has it already: when it came is not known.
      if (word === undefined || before === undefined) continue;
      if (before !== null && before.seq >= factSeq) return undefined;
      const connected = words.findLast(({ ack }, index) => index < at && ack.acked === null);
      (connected !== undefined && connected.timeMs > putMs ? late : waited).push({
        node,
        timeMs: word.timeMs,
      });
    }
    const byTime = (a: { timeMs: number }, b: { timeMs: number }) => a.timeMs - b.timeMs;
    return waited.sort(byTime).at(-1) ?? late.sort(byTime)[0];
  }
}

function hasAcked(word: Word | undefined, revision: Revision): boolean {
  const acked = word?.ack.acked;
  return acked !== null && acked !== undefined && compareRevisions(acked, revision) >= 0;
}
