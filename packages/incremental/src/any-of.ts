import { Dirty, type Host, Node } from './collection.ts';

/** The keys that at least one of several collections has. */
export class AnyOf extends Node<true> {
  readonly #inputs: readonly Node<unknown>[];
  readonly #dirty = new Dirty<undefined>(this);

  constructor(host: Host, of: { name: string; inputs: readonly Node<unknown>[] }) {
    super(host, { name: of.name, equal: () => true });
    this.#inputs = of.inputs;
    for (const input of of.inputs) input.consume((key) => this.#dirty.mark(key, undefined));
  }

  run(): void {
    for (const [key] of this.#dirty.take())
      this.put(key, this.#inputs.some((input) => input.has(key)) ? true : undefined);
  }
}
