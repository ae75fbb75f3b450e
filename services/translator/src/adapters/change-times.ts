import { type AckEvent, compareRevisions, type Revision } from '@sluice/events';

/** Revisions that are remembered; what an Envoy acknowledges later than that is not measured. */
const maxRevisions = 4_096;

interface Node {
  /** When it was first heard of: what is older was not waiting for it. */
  readonly sinceMs: number;
  acked: Revision | null;
}

/**
 * Measures how long changes take from the log to the Envoys. All times are those at which the log's server stored an
 * event, so no two clocks are compared.
 */
export class ChangeTimes {
  readonly #observe: (seconds: number) => void;
  readonly #revisions: { readonly revision: Revision; readonly causedMs: number }[] = [];
  readonly #nodes = new Map<string, Node>();

  /** @param observe called for each revision and each Envoy that acknowledges it. */
  constructor(observe: (seconds: number) => void) {
    this.#observe = observe;
  }

  /** A revision is about to be written; its oldest fact was stored at `causedMs`. */
  revised(revision: Revision, causedMs: number): void {
    this.#revisions.push({ revision, causedMs });
    if (this.#revisions.length > maxRevisions) this.#revisions.splice(0, maxRevisions / 2);
  }

  /** An event of ACKS, stored at `timeMs`. */
  acknowledged(ack: AckEvent, timeMs: number): void {
    if (ack.type !== 'EnvoyStateChanged') return;
    const { node: name, state, acked } = ack;
    const node = this.#nodes.get(name);
    if (state === 'disconnected') this.#nodes.delete(name);
    else if (node === undefined) this.#nodes.set(name, { sinceMs: timeMs, acked });
    else if (acked !== null) {
      this.#measure(node, acked, timeMs);
      node.acked = acked;
    }
  }

  #measure({ sinceMs, acked: before }: Node, acked: Revision, timeMs: number): void {
    for (const { revision, causedMs } of this.#revisions.toReversed()) {
      if (before !== null && compareRevisions(revision, before) <= 0) return;
      if (compareRevisions(revision, acked) <= 0 && causedMs >= sinceMs)
        this.#observe((timeMs - causedMs) / 1000);
    }
  }
}
