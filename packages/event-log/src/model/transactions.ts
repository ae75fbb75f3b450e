// Holds events back while a transaction is open, so that readers see whole ones only, in order of sequence. A
// transaction ends with its closing event; a later holder of its writer's lease, or an epoch start, aborts it.
import { controlTypes } from './control.ts';
import type { StoredEvent } from './message.ts';

export class Transactions {
  #held: StoredEvent[] = [];
  readonly #open = new Map<string, string>();
  readonly #aborted = new Set<string>();

  /** Transaction that `writer` has open. */
  openOf(writer: string): string | undefined {
    return this.#open.get(writer);
  }

  /** True while events are held back. */
  get holding(): boolean {
    return this.#held.length > 0;
  }

  /** Takes the next event in; answers the events that are now certain. */
  next(event: StoredEvent): StoredEvent[] {
    const { name } = event.writer;
    if (event.transaction !== undefined) this.#continue(event, event.transaction);
    else if (event.type === controlTypes.leaseTaken || event.type === controlTypes.aborted) this.#abort(name);
    else if (event.type === controlTypes.epochStarted)
      for (const writer of this.#open.keys()) this.#abort(writer);
    this.#held.push(event);
    if (this.#open.size > 0) return [];
    const certain = this.#held.filter((held) => !this.#aborted.has(key(held)));
    this.#held = [];
    this.#aborted.clear();
    return certain;
  }

  #continue(event: StoredEvent, mark: { id: string; closing: boolean }): void {
    const { name } = event.writer;
    if (this.#open.has(name) && this.#open.get(name) !== mark.id) this.#abort(name);
    if (mark.closing) this.#open.delete(name);
    else this.#open.set(name, mark.id);
  }

  #abort(writer: string): void {
    const id = this.#open.get(writer);
    if (id !== undefined) this.#aborted.add(`${writer}/${id}`);
    this.#open.delete(writer);
  }
}

function key(event: StoredEvent): string {
  return event.transaction === undefined ? '' : `${event.writer.name}/${event.transaction.id}`;
}
