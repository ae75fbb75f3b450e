// How a collection holds its values: as they are, as text, or not at all.
import type { Equal } from './equal.ts';

/** How a collection holds its values from one commit to the next. */
export type Keep =
  /** As they are. */
  | 'value'
  /** As they are, and where several keys have equal ones, mostly one for all of them. */
  | 'shared'
  /**
   * As JSON text, which takes a fraction of the memory and is parsed when it is read: for values that come back from JSON
   * as they were. Two values with the same text are equal; the same fields in another order make another text.
   */
  | 'text'
  /** Not at all: a value is made anew when it is read. Each run counts as a change, and nothing can be grouped by it. */
  | 'nothing';

/** Values by key. */
export interface Cells<V> {
  readonly size: number;
  get(key: string): V | undefined;
  has(key: string): boolean;
  /** In no order. */
  keys(): Iterable<string>;
  /** Sets a value, or takes it out with `undefined`. Answers whether that changed anything. */
  put(key: string, value: V | undefined): boolean;
  /** Whether the end of a commit is anything to it. */
  readonly settles: boolean;
  /** A commit has ended. */
  settle(): void;
}

/** Makes cells. `make` gives the value of a key that has one and is not held. */
export function cellsOf<V>(of: {
  keep: Keep;
  equal: Equal<V>;
  make: (key: string) => V | undefined;
}): Cells<V> {
  switch (of.keep) {
    case 'value':
      return new Values(of.equal, 0);
    case 'shared':
      return new Values(of.equal, 8);
    case 'text':
      return new Texts<V>();
    case 'nothing':
      return new Remade(of.make);
  }
}

class Values<V> implements Cells<V> {
  readonly settles = false;
  readonly #equal: Equal<V>;
  readonly #values = new Map<string, V>();
  readonly #recent: (V | undefined)[];
  #turn = 0;

  /** @param shared so many values are looked at for one that is equal to a new one */
  constructor(equal: Equal<V>, shared: number) {
    this.#equal = equal;
    this.#recent = new Array<V | undefined>(shared).fill(undefined);
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  keys(): Iterable<string> {
    return this.#values.keys();
  }

  put(key: string, value: V | undefined): boolean {
    const before = this.#values.get(key);
    if (value === undefined) return this.#values.delete(key);
    if (before !== undefined && this.#equal(before, value)) return false;
    this.#values.set(key, this.#share(value));
    return true;
  }

  settle(): void {}

  #share(value: V): V {
    const recent = this.#recent;
    if (recent.length === 0) return value;
    for (const known of recent) if (known !== undefined && this.#equal(known, value)) return known;
    recent[this.#turn] = value;
    this.#turn = (this.#turn + 1) % recent.length;
    return value;
  }
}

/** So many values are held as they are while a commit runs: a small one makes each of its values once. */
const maxAwake = 2_048;

class Texts<V> implements Cells<V> {
  readonly settles = true;
  readonly #texts = new Map<string, string>();
  readonly #awake = new Map<string, V>();

  get size(): number {
    return this.#texts.size;
  }

  get(key: string): V | undefined {
    const awake = this.#awake.get(key);
    if (awake !== undefined) return awake;
    const text = this.#texts.get(key);
    if (text === undefined) return undefined;
    const value = JSON.parse(text) as V;
    if (this.#awake.size < maxAwake) this.#awake.set(key, value);
    return value;
  }

  has(key: string): boolean {
    return this.#texts.has(key);
  }

  keys(): Iterable<string> {
    return this.#texts.keys();
  }

  put(key: string, value: V | undefined): boolean {
    if (value === undefined) {
      this.#awake.delete(key);
      return this.#texts.delete(key);
    }
    const text = JSON.stringify(value);
    if (this.#texts.get(key) === text) return false;
    this.#texts.set(key, text);
    if (this.#awake.size < maxAwake) this.#awake.set(key, value);
    else this.#awake.delete(key);
    return true;
  }

  settle(): void {
    if (this.#awake.size > 0) this.#awake.clear();
  }
}

class Remade<V> implements Cells<V> {
  readonly settles = true;
  readonly #make: (key: string) => V | undefined;
  readonly #keys = new Set<string>();
  readonly #awake = new Map<string, V>();

  constructor(make: (key: string) => V | undefined) {
    this.#make = make;
  }

  get size(): number {
    return this.#keys.size;
  }

  get(key: string): V | undefined {
    if (!this.#keys.has(key)) return undefined;
    const awake = this.#awake.get(key);
    if (awake !== undefined) return awake;
    const value = this.#make(key);
    if (value !== undefined && this.#awake.size < maxAwake) this.#awake.set(key, value);
    return value;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  keys(): Iterable<string> {
    return this.#keys;
  }

  put(key: string, value: V | undefined): boolean {
    this.#awake.delete(key);
    if (value === undefined) return this.#keys.delete(key);
    this.#keys.add(key);
    if (this.#awake.size < maxAwake) this.#awake.set(key, value);
    return true;
  }

  settle(): void {
    if (this.#awake.size > 0) this.#awake.clear();
  }
}
