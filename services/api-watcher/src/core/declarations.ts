// Who declares what. What comes in: parts of sources as they change; what goes out: for each object the declaration
// that counts, and its faults. The cost of a change follows the part that changed.
import type { Fault } from '@sluice/events';
import { compareText, type ObjectRef } from '@sluice/ir';
import type { DeclaredObject } from './declared-object.ts';
import { type Few, fewOf, itemsOf } from './few.ts';
import { keyOf, kindKey } from './keys.ts';
import type { RefusedObject, SourcePart } from './source.ts';
import { duplicateFault } from './validate.ts';

/** One mention of an object in one part. `stale`: the part could not be read since, so this is what it held last. */
interface Mention {
  readonly part: string;
  readonly stale: boolean;
  readonly declared: DeclaredObject | undefined;
  readonly refused: RefusedObject | undefined;
}

/** What counts for one object. */
export interface Standing {
  readonly ref: ObjectRef;
  /** The declaration in force; undefined where every mention was refused. */
  readonly winner: DeclaredObject | undefined;
  /** Faults of refused and of repeated mentions. */
  readonly faults: readonly Fault[];
}

const noFaults: readonly Fault[] = [];

/** Of an object that is declared in one place; its reference is made from its key when it is asked for. */
class PlainStanding implements Standing {
  readonly winner: DeclaredObject;
  readonly faults = noFaults;

  constructor(winner: DeclaredObject) {
    this.winner = winner;
  }

  get ref(): ObjectRef {
    return this.winner.ref;
  }
}

export class Declarations {
  readonly #mentions = new Map<string, Few<Mention>>();
  /** Keys that each part mentions; of a part that mentions none, no key. */
  readonly #parts = new Map<string, Few<string> | undefined>();
  /** Of parts that have any. */
  readonly #faults = new Map<string, readonly Fault[]>();
  /** Parts that were faulty when they were first seen: what they held before is not known. */
  readonly #unknown = new Set<string>();
  #unreadKinds: ReadonlySet<string> = new Set();

  /**
   * Takes what a part holds now; undefined: it is gone. A part with faults of its own keeps what it held.
   * @returns the keys whose standing may have changed
   */
  setPart(name: string, content: SourcePart | undefined): Set<string> {
    const before = itemsOf(this.#parts.get(name));
    const faulty = content !== undefined && content.faults.length > 0;
    if (faulty && !this.#parts.has(name)) this.#unknown.add(name);
    if (!faulty) this.#unknown.delete(name);
    const fresh = mentionsOf(name, content);
    const keys = new Set(fresh.keys());
    for (const key of before) {
      const own: Mention[] = [];
      const others: Mention[] = [];
      for (const mention of itemsOf(this.#mentions.get(key)))
        (mention.part === name ? own : others).push(mention);
      const stale = faulty && !fresh.has(key) ? own : [];
      if (stale.length > 0) keys.add(key);
      this.#setMentions(key, [...others, ...stale.map((m) => ({ ...m, stale: true }))]);
    }
    for (const [key, mentions] of fresh)
      this.#setMentions(key, [...itemsOf(this.#mentions.get(key)), ...mentions]);
    if (content === undefined) this.#parts.delete(name);
    else this.#parts.set(name, fewOf([...keys]));
    if (content === undefined || content.faults.length === 0) this.#faults.delete(name);
    else this.#faults.set(name, content.faults);
    return before.length === 0 ? keys : new Set([...before, ...keys]);
  }

  #setMentions(key: string, mentions: readonly Mention[]): void {
    const few = fewOf(mentions);
    if (few === undefined) this.#mentions.delete(key);
    else this.#mentions.set(key, few);
  }

  /** The standing of an object; undefined where nobody mentions it. */
  standing(key: string): Standing | undefined {
    const mentions = itemsOf(this.#mentions.get(key));
    const [first] = mentions;
    if (first === undefined) return undefined;
    if (mentions.length === 1 && first.declared !== undefined) return new PlainStanding(first.declared);
    const declared = mentions.filter((m) => m.declared !== undefined).toSorted(byPrecedence);
    const winner = declared[0]?.declared;
    const losers = declared.slice(1).filter((m) => !m.stale);
    const refused = mentions.flatMap((m) => (m.refused === undefined ? [] : [m.refused]));
    const faults = [
      ...refused.flatMap((r) => r.faults),
      ...losers.flatMap((m) =>
        m.declared === undefined || winner === undefined ? [] : [duplicateFault(m.declared, winner)],
      ),
    ];
    const ref = winner === undefined ? refused[0]?.ref : winner.ref;
    return ref === undefined ? undefined : { ref, winner, faults };
  }

  /** Faults of a part that belong to no object; empty where it is fine or gone. */
  partFaults(name: string): readonly Fault[] {
    return this.#faults.get(name) ?? noFaults;
  }

  /** Every object that anybody mentions. */
  keys(): IterableIterator<string> {
    return this.#mentions.keys();
  }

  /** Every part. */
  partNames(): IterableIterator<string> {
    return this.#parts.keys();
  }

  /** Takes the kinds (by `kindKey`) of which there may be objects that cannot be seen. */
  setUnreadKinds(kinds: ReadonlySet<string>): void {
    this.#unreadKinds = kinds;
  }

  /**
   * Whether an object that nobody mentions may yet be there, so that it must stay in force: its kind cannot be read, or
   * it may stand in a part whose earlier content is not known. `file`: the part it stood in when it was taken, undefined
   * where that is not known.
   */
  mayBeUnread(ref: ObjectRef, file: string | undefined): boolean {
    if (this.#unreadKinds.has(kindKey(ref))) return true;
    if (this.#unknown.size === 0) return false;
    return file === undefined || this.#unknown.has(file) || !this.#parts.has(file);
  }

  /** Parts whose earlier content is not known. */
  get unknownParts(): number {
    return this.#unknown.size;
  }
}

function mentionsOf(part: string, content: SourcePart | undefined): Map<string, Mention[]> {
  const found = new Map<string, Mention[]>();
  const add = (key: string, mention: Mention): void => {
    const mentions = found.get(key);
    if (mentions === undefined) found.set(key, [mention]);
    else mentions.push(mention);
  };
  for (const declared of content?.objects ?? [])
    add(declared.key, { part, stale: false, declared, refused: undefined });
  for (const refused of content?.refused ?? [])
    add(keyOf(refused.ref), { part, stale: false, declared: undefined, refused });
  return found;
}

/** Fresh before stale, then by file, line and column. */
function byPrecedence(a: Mention, b: Mention): number {
  const [x, y] = [a.declared?.origin, b.declared?.origin];
  if (x === undefined || y === undefined) return 0;
  return (
    Number(a.stale) - Number(b.stale) || compareText(x.file, y.file) || x.line - y.line || x.column - y.column
  );
}
