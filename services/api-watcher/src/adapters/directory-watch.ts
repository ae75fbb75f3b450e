import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';

/** A hint that something happened: to one path, or (undefined) somewhere. */
export type Noticed = (path: string | undefined) => void;

/** Watches directories, each by itself. Its word is a hint: whoever listens looks for himself, and looks now and then without a hint. */
export class DirectoryWatch {
  readonly #watchers = new Map<string, { ino: bigint; watcher: FSWatcher }>();
  readonly #noticed: Noticed;

  constructor(noticed: Noticed) {
    this.#noticed = noticed;
  }

  /** Watches exactly these directories (path to inode) from now on. @returns how many cannot be watched */
  sync(dirs: ReadonlyMap<string, bigint>): number {
    for (const [dir, { ino, watcher }] of this.#watchers) {
      if (dirs.get(dir) === ino) continue;
      watcher.close();
      this.#watchers.delete(dir);
    }
    let unwatched = 0;
    for (const [dir, ino] of dirs) if (!this.#watchers.has(dir) && !this.#open(dir, ino)) unwatched++;
    return unwatched;
  }

  #open(dir: string, ino: bigint): boolean {
    try {
      const watcher = watch(dir, (_, name) => this.#noticed(name === null ? undefined : join(dir, name)));
      watcher.on('error', () => {
        watcher.close();
        this.#watchers.delete(dir);
        this.#noticed(undefined);
      });
      this.#watchers.set(dir, { ino, watcher });
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }
}
