import { basename, dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from '@sluice/service-kit';
import { unreadable } from '../core/read-part.ts';
import type { Source, SourcePart, SourceUpdate } from '../core/source.ts';
import { DirectoryWatch } from './directory-watch.ts';
import type { FileContent } from './file-content.ts';
import {
  compareNames,
  isDirectory,
  isManifestName,
  isPlainFile,
  type Listing,
  labelRoots,
  listFiles,
  mayLeadToFiles,
  nameIn,
  type Root,
} from './file-listing.ts';
import { referredFirst } from './reading-order.ts';
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

/** Hints of one change come in within this time, ms; that a file was renamed is known at once. */
const gatherMs = 4;
/** Files that are being written hold up the first list for so long at most, ms. */
const maxSettleMs = 2000;
/** Files read or looked at before other work of the process gets its turn. */
const filesInTurn = 64;
/** Files that make a piece of the first list. */
const filesInPiece = 512;
/** Rest between two turns of looking at everything, ms. */
const sweepRestMs = 5;
/** Looking at everything takes at most one part in so many of the time; fewer where that alone tells what changes. */
const restFactor = { watched: 400, unwatched: 100 } as const;

/** Manifest files in directories. Renames and deletions count at once; see `in-place-edit.ts` for edits. */
export class DirectorySource implements Source {
  readonly #roots: readonly Root[];
  readonly #options: Required<DirectorySourceOptions>;
  readonly #files = new Map<string, WatchedFile>();
  readonly #names = new Map<string, string>();
  /** Files of which something is held back until they are still. */
  readonly #unfinished = new Set<WatchedFile>();
  #unlisted: ReadonlySet<string> = new Set();
  /** Paths of which the watch says that something happened to them, and whether it was just a rename that made them whole. */
  readonly #hints = new Map<string, () => boolean>();
  #dirs: Pick<Listing, 'dirs' | 'names'> = { dirs: new Map(), names: new Map() };
  #everything = true;
  /** All files were looked at once: what changes of the first of them while the last are read, the watch tells. */
  #listed = false;
  /** Files that the look at everything under way has still to come to. */
  #sweep: WatchedFile[] = [];
  /** The look at all names that comes before it, while it is under way. */
  #nameCheck: AsyncGenerator<void, boolean, void> | undefined;
  #sweptMs = 0;
  #nextFullLookMs = 0;
  #unwatched = 0;

  constructor(options: DirectorySourceOptions) {
    this.#options = { stillMs: 200, rescanMs: 2000, ...options };
    this.#roots = labelRoots(options.paths);
  }

  async *updates(signal: AbortSignal): AsyncGenerator<SourceUpdate> {
    const wakeup = new Wakeup();
    const watch = new DirectoryWatch((path, moved) => {
      this.#notice(path, moved);
      wakeup.wake();
    });
    const told = new Map<string, SourcePart | undefined>();
    const stop = (): void => wakeup.wake();
    signal.addEventListener('abort', stop);
    try {
      yield* this.#firstPieces(watch, told);
      let first = true;
      const settledByMs = Date.now() + maxSettleMs;
      while (!signal.aborted) {
        const noticedMs = Date.now();
        const parts = await this.#look(watch);
        const settling: boolean = first && noticedMs < settledByMs && this.#unfinished.size > 0;
        if (!settling && (first || parts.size > 0))
          yield { parts: first ? this.#rest(parts, told) : parts, unavailable: new Map(), noticedMs };
        first &&= settling;
        if (!first) told.clear();
        if (this.#hints.size > 0 || this.#everything) continue;
        await wakeup.wait(this.#nextLookMs() - Date.now());
        await this.#gather(wakeup);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      watch.close();
    }
  }

  #notice(path: string | undefined, moved: () => boolean): void {
    if (path === undefined) this.#everything = true;
    else this.#hints.set(path, moved);
  }

  /** What was renamed within its directory is whole, and the kernel tells both names together: nothing to wait for. */
  async #gather(wakeup: Wakeup): Promise<void> {
    await nextTurn();
    const whole = (path: string, moved: () => boolean): boolean => !isManifestName(basename(path)) || moved();
    if (![...this.#hints].every(([path, moved]) => whole(path, moved))) await wakeup.pause(gatherMs);
  }

  /** Reads long lists piece by piece, so that the first are on the log while the last are read. `told`: what was yielded. */
  async *#firstPieces(
    watch: DirectoryWatch,
    told: Map<string, SourcePart | undefined>,
  ): AsyncGenerator<SourceUpdate> {
    const noticedMs = Date.now();
    const listing = await listFiles(this.#roots);
    this.#tellUnwatched(watch.sync(listing.dirs));
    if (listing.files.size < filesInPiece) return;
    let piece = new Map<WatchedFile, FileContent | undefined>();
    for (const { name, path, content } of await referredFirst(listing.files)) {
      piece.set(this.#add(name, path), content);
      if (piece.size < filesInPiece) continue;
      const read = new Map<string, SourcePart | undefined>();
      await this.#readAll(piece.keys(), read, { known: new Set(), contents: piece });
      piece = new Map();
      const parts = new Map([...read].filter(([of]) => this.#files.get(of)?.dueMs === undefined));
      for (const [of, part] of parts) told.set(of, part);
      yield { isPiece: true, parts, unavailable: new Map(), noticedMs };
    }
  }

  /** What completes the first list: whatever was read while files were settling, save for what was told already. */
  #rest(
    parts: ReadonlyMap<string, SourcePart | undefined>,
    told: ReadonlyMap<string, SourcePart | undefined>,
  ): Map<string, SourcePart | undefined> {
    const rest = new Map<string, SourcePart | undefined>(parts);
    for (const [name, { part }] of this.#files)
      if (part !== undefined && part !== told.get(name)) rest.set(name, part);
    for (const name of told.keys()) if (!this.#files.has(name)) rest.set(name, undefined);
    return rest;
  }

  #nextLookMs(): number {
    const due = [...this.#unfinished].flatMap(({ dueMs }) => dueMs ?? []);
    const sweepMs = this.#isSweeping ? Date.now() + sweepRestMs : this.#nextFullLookMs;
    return Math.min(sweepMs, ...due);
  }

  /**
   * Looks at what was hinted at and at what is due; where that does not tell what is there, at the names of all files;
   * now and then at all names and files, some at a time, so that no hint waits for it.
   * @returns the parts that may have changed
   */
  async #look(watch: DirectoryWatch): Promise<Map<string, SourcePart | undefined>> {
    const hints = this.#takeHints();
    const due = [...this.#unfinished].filter(({ dueMs }) => dueMs !== undefined && dueMs <= Date.now());
    const parts = new Map<string, SourcePart | undefined>();
    const startMs = performance.now();
    if (this.#everything) await this.#lookAround({ watch, parts, hints, due });
    else {
      const hinted = this.#filesAt(hints);
      if (hinted === undefined) await this.#lookAtNames({ watch, parts, hints, due });
      else await this.#readAll([...hinted, ...due], parts);
      await this.#sweepOn(parts);
    }
    this.#paceSweep(performance.now() - startMs);
    return parts;
  }

  get #isSweeping(): boolean {
    return this.#sweep.length > 0 || this.#nameCheck !== undefined;
  }

  /**
   * One step of looking at everything, where it is due or under way: at the names first, and where they are not what is
   * known, that is looked into at once; then at the files.
   */
  async #sweepOn(parts: Map<string, SourcePart | undefined>): Promise<void> {
    const isDue = !this.#isSweeping && Date.now() >= this.#nextFullLookMs;
    // A listing is also what tries to watch them again.
    if (isDue && this.#unwatched > 0) this.#everything = true;
    else if (isDue)
      this.#nameCheck = compareNames(this.#roots, {
        hasFile: (name) => this.#files.has(name),
        fileCount: () => this.#files.size,
        dirs: this.#dirs.dirs,
        unlisted: this.#unlisted,
      });
    if (this.#nameCheck !== undefined) {
      const { done, value } = await this.#nameCheck.next();
      if (done !== true) return;
      this.#nameCheck = undefined;
      if (value) this.#sweep = [...this.#files.values()];
      else this.#everything = true;
      return;
    }
    const some = this.#sweep.splice(-filesInTurn);
    await this.#readAll(
      some.filter((file) => this.#files.has(file.name) && file.changed),
      parts,
    );
  }

  #paceSweep(tookMs: number): void {
    if (this.#nextFullLookMs > Date.now()) return;
    this.#sweptMs += tookMs;
    if (this.#isSweeping) return;
    const factor = this.#unwatched > 0 ? restFactor.unwatched : restFactor.watched;
    this.#nextFullLookMs = Date.now() + Math.max(this.#options.rescanMs, factor * this.#sweptMs);
    this.#sweptMs = 0;
  }

  /** Takes what was hinted at. @returns the paths among it that are named like manifests */
  #takeHints(): Set<string> {
    const hints = [...this.#hints.keys()];
    this.#hints.clear();
    const dirty = new Set(hints.filter((path) => isManifestName(basename(path))));
    if (hints.some((path) => !dirty.has(path) && mayLeadToFiles(path, this.#dirs.dirs)))
      this.#everything = true;
    return dirty;
  }

  /** The files at these paths, new ones among them; undefined where only a listing can tell. */
  #filesAt(paths: ReadonlySet<string>): WatchedFile[] | undefined {
    const files: WatchedFile[] = [];
    for (const path of paths) {
      const known = this.#files.get(this.#names.get(path) ?? '');
      const dir = this.#dirs.names.get(dirname(path));
      if (known !== undefined) files.push(known);
      else if (this.#unwatched > 0 || dir === undefined || !isPlainFile(path)) return undefined;
      else files.push(this.#add(nameIn(dir, basename(path)), path));
    }
    return files;
  }

  /** Lists the names, and begins to look at all files, save those that were read for the first list just before. */
  async #lookAround(look: Look): Promise<void> {
    this.#everything = false;
    this.#nextFullLookMs = 0;
    this.#nameCheck = undefined;
    const others = await this.#lookAtNames(look);
    this.#sweep = this.#listed ? others : [];
    this.#listed = true;
  }

  /** Lists the names and reads what is new, due or hinted at. @returns the other files */
  async #lookAtNames({ watch, parts, hints, due }: Look): Promise<WatchedFile[]> {
    let listing = await listFiles(this.#roots);
    // It may have moved from one directory to another while they were listed one after the other.
    if (this.#vanished(listing).length > 0) listing = await listFiles(this.#roots);
    this.#tellUnwatched(watch.sync(listing.dirs));
    this.#dirs = { dirs: listing.dirs, names: listing.names };
    const vanished = this.#vanished(listing);
    const changed = new Set(due);
    const others: WatchedFile[] = [];
    for (const [name, path] of listing.files) {
      const file = this.#files.get(name) ?? this.#add(name, path);
      if (file.part === undefined || hints.has(path)) changed.add(file);
      else others.push(file);
    }
    if (changed.size > 0) await this.#readAll(changed, parts, { known: inodesOf(this.#files.values()) });
    for (const file of vanished) this.#drop(file, parts);
    for (const name of this.#unlisted) if (!listing.unlisted.has(name)) parts.set(name, undefined);
    for (const [name, reason] of listing.unlisted)
      parts.set(
        name,
        unreadable(name, `the directory cannot be read (${reason})`, 'what it held before stays in force')
          .part,
      );
    this.#unlisted = new Set(listing.unlisted.keys());
    return others;
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

  #drop(file: WatchedFile, parts: Map<string, SourcePart | undefined>): void {
    this.#files.delete(file.name);
    this.#names.delete(file.path);
    this.#unfinished.delete(file);
    parts.set(file.name, undefined);
  }

  /**
   * Reads files into `parts`, and drops those that are gone. `known`: inodes that stood under names before; default: those of `files`.
   * `contents`: of files that were read already.
   */
  async #readAll(
    files: Iterable<WatchedFile>,
    parts: Map<string, SourcePart | undefined>,
    of: {
      readonly known?: ReadonlySet<string>;
      readonly contents?: ReadonlyMap<WatchedFile, FileContent | undefined>;
    } = {},
  ): Promise<void> {
    const all = [...files];
    const inodes = of.known ?? inodesOf(all);
    for (const [i, file] of all.entries()) {
      if (i % filesInTurn === filesInTurn - 1) await nextTurn();
      const before = file.part;
      const part = file.read(inodes, of.contents?.get(file));
      if (file.dueMs === undefined) this.#unfinished.delete(file);
      else this.#unfinished.add(file);
      if (part === undefined && isDirectory(dirname(file.path))) this.#drop(file, parts);
      // Its directory is gone or out of reach: a listing tells which.
      else if (part === undefined) this.#everything = true;
      else if (part !== before) parts.set(file.name, part);
    }
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

/** What one look at names goes by. */
interface Look {
  readonly watch: DirectoryWatch;
  readonly parts: Map<string, SourcePart | undefined>;
  /** Paths to which something happened. */
  readonly hints: ReadonlySet<string>;
  readonly due: readonly WatchedFile[];
}

function inodesOf(files: Iterable<WatchedFile>): Set<string> {
  return new Set([...files].flatMap(({ inode }) => inode ?? []));
}
