// A map of which there are thousands with one entry: a Map takes 180 bytes before it holds anything.

/** Text to values, in the order in which they came. */
export class SmallMap<T> {
  #key: string | undefined;
  #value: T | undefined;
  /** Holds all entries once there were two. */
  #many: Map<string, T> | undefined;

  get size(): number {
    return this.#many?.size ?? (this.#key === undefined ? 0 : 1);
  }

  get(key: string): T | undefined {
    if (this.#many !== undefined) return this.#many.get(key);
    return this.#key === key ? this.#value : undefined;
  }

  set(key: string, value: T): void {
    if (this.#many !== undefined) this.#many.set(key, value);
    else if (this.#key === undefined || this.#key === key) this.#one(key, value);
    else {
      this.#many = new Map([...this.entries(), [key, value]]);
      this.#one(undefined, undefined);
    }
  }

  /** @returns whether it was there */
  delete(key: string): boolean {
    if (this.#many !== undefined) return this.#many.delete(key);
    if (this.#key !== key) return false;
    this.#one(undefined, undefined);
    return true;
  }

  *entries(): Generator<[string, T]> {
    if (this.#many !== undefined) yield* this.#many;
    else if (this.#key !== undefined) yield [this.#key, this.#value as T];
  }

  values(): T[] {
    if (this.#many !== undefined) return [...this.#many.values()];
    return this.#key === undefined ? [] : [this.#value as T];
  }

  #one(key: string | undefined, value: T | undefined): void {
    this.#key = key;
    this.#value = value;
  }
}
