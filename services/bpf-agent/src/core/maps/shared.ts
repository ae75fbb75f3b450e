// Rows that several Services may want.

/** Values of a key, each with how many want it there. */
export class Shared<V> {
  readonly #held = new Map<string, { value: V; wanted: number }>();
  readonly #before = new Map<string, V | undefined>();

  /** @returns whether nobody wanted it before */
  add(key: string, value: V): boolean {
    const held = this.#held.get(key);
    this.#note(key, held?.value);
    this.#held.set(key, { value, wanted: (held?.wanted ?? 0) + 1 });
    return held === undefined;
  }

  /** @returns whether nobody wants it any more */
  remove(key: string): boolean {
    const held = this.#held.get(key);
    if (held === undefined) return false;
    this.#note(key, held.value);
    held.wanted -= 1;
    if (held.wanted > 0) return false;
    this.#held.delete(key);
    return true;
  }

  /** What came or has another value, and what is gone, since the last call. */
  drain(isSame: (a: V, b: V) => boolean): { put: V[]; gone: V[] } {
    const put: V[] = [];
    const gone: V[] = [];
    for (const [key, before] of this.#before) {
      const after = this.#held.get(key)?.value;
      if (after !== undefined && (before === undefined || !isSame(before, after))) put.push(after);
      if (after === undefined && before !== undefined) gone.push(before);
    }
    this.#before.clear();
    return { put, gone };
  }

  /** How many want it there. */
  wanted(key: string): number {
    return this.#held.get(key)?.wanted ?? 0;
  }

  *values(): Generator<V> {
    for (const { value } of this.#held.values()) yield value;
  }

  get size(): number {
    return this.#held.size;
  }

  #note(key: string, value: V | undefined): void {
    if (!this.#before.has(key)) this.#before.set(key, value);
  }
}
