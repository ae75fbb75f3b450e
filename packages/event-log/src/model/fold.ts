// The folded state: the newest event of each subject, tombstones out, the log's own events left out.
import { createHash } from 'node:crypto';
import type { FoldedState, Position } from '../port.ts';
import { controlTypes, isControl } from './control.ts';
import type { StoredEvent } from './message.ts';

function bySubject(a: StoredEvent, b: StoredEvent): number {
  return a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0;
}

export class Fold {
  readonly #newest = new Map<string, StoredEvent>();

  constructor(events: Iterable<StoredEvent> = []) {
    for (const event of events) this.#newest.set(event.subject, event);
  }

  get size(): number {
    return this.#newest.size;
  }

  apply(event: StoredEvent): void {
    if (event.type === controlTypes.epochStarted && isControl(event.subject)) this.#newest.clear();
    if (isControl(event.subject)) return;
    if (event.tombstone) this.#newest.delete(event.subject);
    else this.#newest.set(event.subject, event);
  }

  /** Newest events, sorted by subject (by UTF-16 code unit). */
  sorted(): StoredEvent[] {
    return [...this.#newest.values()].sort(bySubject);
  }

  /** Newest events in order of sequence, and of one sequence in the order in which they were written. */
  inOrder(): StoredEvent[] {
    return [...this.#newest.values()].sort((a, b) => a.seq - b.seq || a.writer.counter - b.writer.counter);
  }

  /** Hex SHA-256 over the sorted (subject, seq, hash) triples. */
  hash(): string {
    return hashOf(this.sorted());
  }

  stateAt(position: Position): FoldedState {
    const sorted = this.sorted();
    return {
      position,
      events: new Map(sorted.map((event) => [event.subject, event])),
      // Most who read a state do not ask for it.
      get hash() {
        return hashOf(sorted);
      },
    };
  }
}

function hashOf(sorted: readonly StoredEvent[]): string {
  const sha = createHash('sha256');
  for (const { subject, seq, hash } of sorted) sha.update(`${JSON.stringify([subject, seq, hash])}\n`);
  return sha.digest('hex');
}
