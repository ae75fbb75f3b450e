// Up to which revision has an Envoy acknowledged everything? Each resource that is not settled remembers the first
// commit that the Envoy lacks of it; the answer is the last commit before the oldest of those.
import type { Revision } from '@sluice/events';

/** A revision in the order in which this server folded it in: 1, 2, 3… */
export interface Commit {
  readonly index: number;
  readonly revision: Revision;
}

/** The newest commits. Older ones are forgotten, which can only make an answer too old, never too new. */
export class CommitLog {
  readonly #commits: Commit[] = [];
  #last = 0;

  /** Index of the newest commit; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** Adds a commit and gives its index. */
  add(revision: Revision): number {
    this.#last += 1;
    this.#commits.push({ index: this.#last, revision });
    if (this.#commits.length > 4_096) this.#commits.splice(0, 2_048);
    return this.#last;
  }

  /** The newest revision at or before `index`. */
  revisionAt(index: number): Revision | undefined {
    const first = this.#commits[0]?.index ?? 0;
    return index < first ? undefined : this.#commits[index - first]?.revision;
  }
}

interface Pending {
  /** First commit that the Envoy lacks. */
  since: number;
  /** First commit after the version that is under way. */
  next: number | undefined;
}

/** What one Envoy has still to acknowledge. */
export class AckLedger {
  readonly #pending = new Map<string, Pending>();

  /** A resource changed by commit `index`; `inFlight`: an older version of it is under way. */
  changed(id: string, index: number, inFlight: boolean): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) this.#pending.set(id, { since: index, next: undefined });
    else if (inFlight) pending.next ??= index;
  }

  /** The newest version is acknowledged, or none is needed. */
  settled(id: string): void {
    this.#pending.delete(id);
  }

  /** An older version than the newest is acknowledged. */
  advanced(id: string): void {
    const pending = this.#pending.get(id);
    if (pending?.next === undefined) return;
    pending.since = pending.next;
    pending.next = undefined;
  }

  /** The first commit that the Envoy lacks, over all resources that `counts` accepts; undefined where it lacks none. */
  oldest(counts: (id: string) => boolean): number | undefined {
    let oldest: number | undefined;
    for (const [id, { since }] of this.#pending)
      if ((oldest === undefined || since < oldest) && counts(id)) oldest = since;
    return oldest;
  }
}
