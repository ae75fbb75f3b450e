/** A cell of a derived collection that read another collection and must run again when what it read changes. */
export interface Watcher {
  invalidate(key: string): void;
}

/** Who has read which keys of a collection. Most keys are read by one cell, so one is held without a set around it. */
export class Watchers {
  readonly #cells = new Map<Watcher, Map<string, string | Set<string>>>();

  add(key: string, watcher: Watcher, cell: string): void {
    let byKey = this.#cells.get(watcher);
    if (byKey === undefined) {
      byKey = new Map();
      this.#cells.set(watcher, byKey);
    }
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, cell);
    else if (typeof known !== 'string') known.add(cell);
    else if (known !== cell) byKey.set(key, new Set([known, cell]));
  }

  remove(key: string, watcher: Watcher, cell: string): void {
    const byKey = this.#cells.get(watcher);
    const known = byKey?.get(key);
    if (byKey === undefined || known === undefined) return;
    if (known === cell) byKey.delete(key);
    else if (typeof known !== 'string' && known.delete(cell) && known.size === 0) byKey.delete(key);
  }

  /** A key has changed. */
  tell(key: string): void {
    for (const [watcher, byKey] of this.#cells) {
      const cells = byKey.get(key);
      if (cells === undefined) continue;
      if (typeof cells === 'string') watcher.invalidate(cells);
      else for (const cell of cells) watcher.invalidate(cell);
    }
  }
}
