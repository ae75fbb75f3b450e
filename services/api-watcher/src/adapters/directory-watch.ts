import { type FSWatcher, lstatSync, watch } from 'node:fs';
import { join } from 'node:path';

/**
 * A hint that something happened: to one path, or (undefined) somewhere. `moved` tells whether the path got its name by a rename within
 * its directory, so that its content is whole. It looks at the disk, where whoever renames may hold the directory still: best asked a
 * turn later.
 */
export type Noticed = (path: string | undefined, moved: () => boolean) => void;

const notMoved = (): boolean => false;

/** Watches directories, each by itself. Its word is a hint: whoever listens looks for himself, and looks now and then without a hint. */
export class DirectoryWatch {
  readonly #watchers = new Map<string, { ino: bigint; watcher: FSWatcher }>();
  readonly #noticed: Noticed;
  /** The path that lost or got its name just before: the kernel tells both sides of a rename one after the other. */
  #before: string | undefined;

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
      const watcher = watch(dir, (event, name) => {
        if (name === null) this.#noticed(undefined, notMoved);
        else this.#told(join(dir, name), event === 'rename');
      });
      watcher.on('error', () => {
        watcher.close();
        this.#watchers.delete(dir);
        this.#noticed(undefined, notMoved);
      });
      this.#watchers.set(dir, { ino, watcher });
      return true;
    } catch {
      return false;
    }
  }

  /** @param named the path came or went, as against its content having changed */
  #told(path: string, named: boolean): void {
    const before = this.#before;
    if (before === undefined && named) setImmediate(() => this.#forget());
    this.#before = named ? path : undefined;
    this.#noticed(path, named && before !== undefined && before !== path ? () => isGone(before) : notMoved);
  }

  #forget(): void {
    this.#before = undefined;
  }

  close(): void {
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }
}

function isGone(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) === undefined;
}
