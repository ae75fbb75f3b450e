import { basename } from 'node:path';
import type { Logger } from '@sluice/service-kit';
import { unreadable } from '../core/read-part.ts';
import type { Source, SourcePart, SourceUpdate } from '../core/source.ts';
import { DirectoryWatch } from './directory-watch.ts';
import {
  isManifestName,
  type Listing,
  labelRoots,
  listFiles,
  mayLeadToFiles,
  type Root,
} from './file-listing.ts';
import { Wakeup } from './wakeup.ts';
import { WatchedFile } from './watched-file.ts';

export interface DirectorySourceOptions {
  /** Directories (or single files). */
  readonly paths: readonly string[];
  readonly logger: Logger;
  /** How long an edited file must be still before what it lost counts, ms. Default 200. */
  readonly stillMs?: number;
  /** Everything is looked at this often even without a hint, ms. Default 2,000. */
  readonly rescanMs?: number;
}

/** Hints of one change come in within this time, ms. */
const gatherMs = 4;
/** Files that are being written hold up the first list for so long at most, ms. */
const maxSettleMs = 2000;
/** Files looked at at the same time. */
const looksAtOnce = 64;
/** Looking at everything takes at most one part in so many of the time. */
const restFactor = 20;

/** Manifest files in directories. Renames and deletions count at once; see `in-place-edit.ts` for edits. */
export class DirectorySource implements Source {
  readonly #roots: readonly Root[];
  readonly #options: Required<DirectorySourceOptions>;
  readonly #files = new Map<string, WatchedFile>();
  readonly #names = new Map<string, string>();
  #unlisted: ReadonlySet<string> = new Set();
  /** Paths of which the watch says that something happened to them. */
  readonly #hints = new Set<string>();
  #dirs: ReadonlySet<string> = new Set();
  #everything = true;
  #nextFullLookMs = 0;
  #unwatched = 0;

  constructor(options: DirectorySourceOptions) {
    this.#options = { stillMs: 200, rescanMs: 2000, ...options };
    this.#roots = labelRoots(options.paths);
  }

  async *updates(signal: AbortSignal): AsyncGenerator<SourceUpdate> {
    const wakeup = new Wakeup();
    const watch = new DirectoryWatch((path) => {
      this.#notice(path);
      wakeup.wake();
    });
    const stop = (): void => wakeup.wake();
    signal.addEventListener('abort', stop);
    try {
      let first = true;
      const settledByMs = Date.now() + maxSettleMs;
      while (!signal.aborted) {
        const noticedMs = Date.now();
        const parts = await this.#look(watch);
        const settling: boolean =
          first && noticedMs < settledByMs && this.#files.values().some((f) => f.dueMs !== undefined);
        if (!settling && (first || parts.size > 0))
          yield { parts: first ? this.#all(parts) : parts, unavailable: new Map(), noticedMs };
        first &&= settling;
        if (this.#hints.size > 0) continue;
        await wakeup.wait(this.#nextLookMs() - Date.now());
        await wakeup.pause(gatherMs);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      watch.close();
    }
  }

  #notice(path: string | undefined): void {
    if (path === undefined) this.#everything = true;
    else this.#hints.add(path);
  }

  /** The first update holds whatever was read while files were settling. */
  #all(parts: ReadonlyMap<string, SourcePart | undefined>): Map<string, SourcePart | undefined> {
    const all = new Map<string, SourcePart | undefined>(parts);
    for (const [name, file] of this.#files) if (file.part !== undefined) all.set(name, file.part);
    return all;
  }

  #nextLookMs(): number {
    const due = this.#files.values().flatMap(({ dueMs }) => (dueMs === undefined ? [] : [dueMs]));
    return Math.min(this.#nextFullLookMs, ...due);
  }

  /**
   * Looks at what was hinted at and at what is due; where a file came or went, at the names of all files; now and then
   * at all files themselves.
   * @returns the parts that may have changed
   */
  async #look(watch: DirectoryWatch): Promise<Map<string, SourcePart | undefined>> {
    const dirty = await this.#takeHints();
    const due = [...this.#files.values()].filter(({ dueMs }) => dueMs !== undefined && dueMs <= Date.now());
    const hinted = [...dirty].map((path) => this.#files.get(this.#names.get(path) ?? ''));
    const parts = new Map<string, SourcePart | undefined>();
    const everything = this.#everything || Date.now() >= this.#nextFullLookMs;
    if (!everything && hinted.every((file) => file !== undefined)) {
      const gone = await this.#read(new Set([...hinted, ...due]), parts);
      if (gone.length === 0) return parts;
    }
    const startMs = Date.now();
    if (everything) this.#everything = false;
    await this.#lookAround({ watch, parts, dirty, due, everything });
    if (!everything) return parts;
    const tookMs = Date.now() - startMs;
    this.#nextFullLookMs = Date.now() + Math.max(this.#options.rescanMs, restFactor * tookMs);
    return parts;
  }

  /** Takes what was hinted at. @returns the paths among it that are named like manifests */
  async #takeHints(): Promise<Set<string>> {
    const hints = [...this.#hints];
    this.#hints.clear();
    const dirty = new Set(hints.filter((path) => isManifestName(basename(path))));
    for (const path of hints)
      if (!dirty.has(path) && (await mayLeadToFiles(path, this.#dirs))) this.#everything = true;
    return dirty;
  }

  async #lookAround(look: {
    watch: DirectoryWatch;
    parts: Map<string, SourcePart | undefined>;
    dirty: ReadonlySet<string>;
    due: readonly WatchedFile[];
    /** Also at files to which nothing is known to have happened. */
    everything: boolean;
  }): Promise<void> {
    const { watch, parts, dirty, due, everything } = look;
    let listing = await listFiles(this.#roots);
    // It may have moved from one directory to another while they were listed one after the other.
    if (this.#vanished(listing).length > 0) listing = await listFiles(this.#roots);
    this.#tellUnwatched(watch.sync(listing.dirs));
    this.#dirs = new Set(listing.dirs.keys());
    const known = new Set([...this.#files.values()].flatMap(({ inode }) => inode ?? []));
    const vanished = this.#vanished(listing);
    const changed = new Set(due);
    const others: WatchedFile[] = [];
    for (const [name, path] of listing.files) {
      const file = this.#files.get(name) ?? this.#add(name, path);
      if (file.part === undefined || dirty.has(path)) changed.add(file);
      else others.push(file);
    }
    if (everything) for (const file of await changedOf(others)) changed.add(file);
    const gone = [...vanished, ...(await this.#read(changed, parts, known))];
    for (const { name, path } of gone) {
      this.#files.delete(name);
      this.#names.delete(path);
      parts.set(name, undefined);
    }
    for (const name of this.#unlisted) if (!listing.unlisted.has(name)) parts.set(name, undefined);
    for (const [name, reason] of listing.unlisted)
      parts.set(
        name,
        unreadable(name, `the directory cannot be read (${reason})`, 'what it held before stays in force')
          .part,
      );
    this.#unlisted = new Set(listing.unlisted.keys());
  }

  /** Files that are listed no more, though the directory that they stood in could be read. */
  #vanished(listing: Listing): WatchedFile[] {
    const hidden = [...listing.unlisted.keys()];
    const inHidden = (name: string): boolean =>
      hidden.some((dir) => dir === '.' || name.startsWith(`${dir}/`));
    return [...this.#files.values()].filter(({ name }) => !listing.files.has(name) && !inHidden(name));
  }

  #add(name: string, path: string): WatchedFile {
    const file = new WatchedFile({ name, path, stillMs: this.#options.stillMs });
    this.#files.set(name, file);
    this.#names.set(path, name);
    return file;
  }

  /** Reads files into `parts`. @returns those that are gone */
  async #read(
    files: Iterable<WatchedFile | undefined>,
    parts: Map<string, SourcePart | undefined>,
    known?: ReadonlySet<string>,
  ): Promise<WatchedFile[]> {
    const gone: WatchedFile[] = [];
    for (const file of files) {
      if (file === undefined) continue;
      const before = file.part;
      const part = await file.read(Date.now(), known);
      if (part === undefined) gone.push(file);
      else if (part !== before) parts.set(file.name, part);
    }
    return gone;
  }

  #tellUnwatched(count: number): void {
    if (count > 0 && count !== this.#unwatched)
      this.#options.logger.warn(
        { directories: count, rescanMs: this.#options.rescanMs },
        'directories cannot be watched, looking at them now and then',
      );
    this.#unwatched = count;
  }
}

/** Which of the files look other than when they were read; some at a time, since each look waits for the disk. */
async function changedOf(files: readonly WatchedFile[]): Promise<WatchedFile[]> {
  const changed: WatchedFile[] = [];
  for (let i = 0; i < files.length; i += looksAtOnce) {
    const some = files.slice(i, i + looksAtOnce);
    const answers = await Promise.all(some.map((file) => file.changed()));
    changed.push(...some.filter((_, j) => answers[j]));
  }
  return changed;
}
