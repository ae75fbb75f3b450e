// What has been given out. What comes in: the newest form of resources; what goes out: only those that differ from
// what stands on the log, and the hash of the whole set. Holds hashes, not resources.

import type { Revision } from '@sluice/events';
import { type IrId, SetHash } from '@sluice/ir';

/** One resource as it stands on the log. */
export interface LedgerEntry {
  /** 64 hex digits. */
  readonly hash: string;
  /** When it last changed. */
  readonly revision: Revision;
}

/** What stands on the log of the IR. */
export type IrLedger = ReadonlyMap<IrId, LedgerEntry>;
/** What stands on the log of statuses: hash of status and uid without times, by `refKey`. */
export type StatusLedger = ReadonlyMap<string, string>;

/** The IR's ledger with its hash. */
export class IrBook {
  readonly #entries: Map<IrId, LedgerEntry>;
  readonly #sum = new SetHash();

  constructor(committed: IrLedger) {
    this.#entries = new Map(committed);
    for (const { hash } of committed.values()) this.#sum.add(hash);
  }

  get entries(): IrLedger {
    return this.#entries;
  }

  get stateHash(): string {
    return this.#sum.toString();
  }

  get(id: IrId): LedgerEntry | undefined {
    return this.#entries.get(id);
  }

  /** Notes the newest form; undefined: it is gone. Returns whether that differs from what stood there. */
  record(id: IrId, entry: LedgerEntry | undefined): boolean {
    const before = this.#entries.get(id);
    if (before?.hash === entry?.hash) return false;
    if (before !== undefined) this.#sum.remove(before.hash);
    if (entry === undefined) this.#entries.delete(id);
    else {
      this.#sum.add(entry.hash);
      this.#entries.set(id, entry);
    }
    return true;
  }
}
