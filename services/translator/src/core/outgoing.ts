import type { Change, Graph, Output } from '@sluice/incremental';
import type { Given } from './model.ts';

/** What is asked of the values of a collection that is given out. */
export interface OutgoingKind<V, Id, N> {
  readonly idOf: (value: V) => Id;
  /** The id as text. */
  readonly nameOf: (id: Id) => string;
  /** What is to be known of a value when it goes out, such as its hash; follows from the value alone. */
  readonly note: (value: V) => N;
}

type Held<V, Id, N> = { readonly value: V; readonly note: N } | { readonly gone: Id };

/** Changes of a collection that is given out. */
export class Outgoing<V, Id, N> {
  readonly #kind: OutgoingKind<V, Id, N>;
  readonly #output: Output<V>;
  readonly #goneOf: (change: Change<V>) => Id | undefined;
  /** The newest word on each value that has changed and was not given out, by name. */
  readonly #held = new Map<string, Held<V, Id, N>>();

  constructor(graph: Graph, { collection, idOf }: Given<V, Id>, kind: OutgoingKind<V, Id, N>) {
    if (idOf === undefined && !collection.keeps)
      throw new TypeError(`${collection.name} cannot tell what is gone`);
    this.#kind = kind;
    this.#output = graph.output(collection);
    this.#goneOf = ({ key, before }) => (before === undefined ? idOf?.(key) : kind.idOf(before));
  }

  /** Notes what has changed so far, so that less is to be done when it is given out. */
  workAhead(): void {
    const { idOf, nameOf, note } = this.#kind;
    for (const change of this.#output.drain()) {
      const { after: value } = change;
      if (value !== undefined) this.#held.set(nameOf(idOf(value)), { value, note: note(value) });
      else {
        const gone = this.#goneOf(change);
        if (gone !== undefined) this.#held.set(nameOf(gone), { gone });
      }
    }
  }

  /** Gives each value that is new with its name, and the id of each that is gone (maybe one that never was there). */
  drain(put: (name: string, given: { value: V; note: N }) => void, gone: (id: Id) => void): void {
    this.workAhead();
    for (const [name, held] of this.#held) {
      if ('gone' in held) gone(held.gone);
      else put(name, held);
    }
    this.#held.clear();
  }
}
