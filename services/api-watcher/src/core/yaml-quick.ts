// The text of an ordinary manifest → its value, at a twentieth of the cost of a reading that knows the place of each field.
import { type OrdinaryLine, OrdinaryLines, odd } from './yaml-line.ts';

/** The value of a document, and the line (from 1) on which it begins, in column 1. */
export interface QuickReading {
  readonly value: unknown;
  readonly line: number;
}

/** Anything else (control characters, other line breaks, a byte order mark) is read slowly. */
const oddCharacter = /[^\n\x20-\x7e\u00a1-\u1fff\u2030-\ud7ff]/;
/** Lines before the value: the mark of the document, comments, empty ones. */
const head = /^(?:--- *(?: #[^\n]*)?\n)?(?: *(?:#[^\n]*)?\n)*(?=["'A-Za-z_])/;

/** Longer texts are no ordinary manifests, and might exhaust the regular expressions, UTF-16 code units. */
const maxLength = 64 * 1024;
/** More lists and objects in one another are no ordinary manifest. */
const maxDepth = 50;

/**
 * Reads a text that is one object in block style and holds only ordinary lines: entries and list items with one-line
 * values. No anchors, tags, merge keys, block scalars or texts over several lines. Undefined for any other text, and for
 * one with a fault: `readYaml` tells what it is. What is read is what `readYaml` reads: a property test holds them to it.
 */
export function readQuickly(text: string): QuickReading | undefined {
  if (text.length > maxLength || oddCharacter.test(text)) return undefined;
  const before = head.exec(text)?.[0];
  if (before === undefined) return undefined;
  const lines = new OrdinaryLines(before === '' ? text : text.slice(before.length));
  const blocks = new Blocks();
  for (let line = lines.next(); line !== undefined; line = lines.next())
    if (line === odd || !blocks.add(line)) return undefined;
  return { value: blocks.root, line: before === '' ? 1 : before.split('\n').length };
}

/** A list or object that goes on. */
type Block = ListBlock | ObjectBlock;
interface ListBlock {
  /** Of its dashes. */
  readonly column: number;
  readonly list: unknown[];
}
interface ObjectBlock {
  /** Of its keys. */
  readonly column: number;
  readonly list?: undefined;
  readonly object: Record<string, unknown>;
  /** A key whose value the next lines may hold. */
  open: string | undefined;
}

/** The lists and objects that lines make. */
class Blocks {
  readonly root: Record<string, unknown> = {};
  /** From the outermost to the innermost, with growing columns. */
  readonly #going: Block[] = [{ column: 0, object: this.root, open: undefined }];

  /** @returns false for a line that cannot stand here, and for what goes too deep */
  add({ dashes, column, key, value }: OrdinaryLine): boolean {
    const [first] = dashes;
    this.#close(first ?? column, first === undefined);
    for (const [i, at] of dashes.entries()) if (!this.#addDash(at, i === 0)) return false;
    if (key === undefined) return this.#addItem(value);
    return this.#addEntry({ column, key, value, isFirst: first === undefined });
  }

  get #innermost(): Block | undefined {
    return this.#going.at(-1);
  }

  /** Ends what cannot go on at this column; a key there ends a list that stands at the column of its own key, too. */
  #close(column: number, isKey: boolean): void {
    for (let at = this.#innermost; at !== undefined; at = this.#innermost) {
      if (at.column < column || (at.column === column && !(isKey && at.list !== undefined))) return;
      this.#going.pop();
    }
  }

  /** Takes a dash: it goes on with the innermost list, or begins one. */
  #addDash(column: number, isFirst: boolean): boolean {
    const inner = this.#innermost;
    if (isFirst && inner?.list !== undefined) return inner.column === column;
    const list: unknown[] = [];
    return this.#place(list, { column, isFirst, mayAlign: true }) && this.#begin({ column, list });
  }

  #addEntry(of: { column: number; key: string; value: unknown; isFirst: boolean }): boolean {
    const { column, key, value, isFirst } = of;
    let inner = this.#innermost;
    if (!isFirst || inner?.list !== undefined || inner?.column !== column) {
      const object: Record<string, unknown> = {};
      const block: ObjectBlock = { column, object, open: undefined };
      if (!this.#place(object, { column, isFirst, mayAlign: false }) || !this.#begin(block)) return false;
      inner = block;
    }
    if (Object.hasOwn(inner.object, key)) return false;
    inner.object[key] = value ?? null;
    inner.open = value === undefined ? key : undefined;
    return true;
  }

  #addItem(value: unknown): boolean {
    return this.#innermost?.list?.push(value) !== undefined;
  }

  /** Puts a list or object in its place: into the list of the dash before it, or as the value of an open key. */
  #place(value: unknown, at: { column: number; isFirst: boolean; mayAlign: boolean }): boolean {
    const inner = this.#innermost;
    if (inner?.list !== undefined) return !at.isFirst && inner.list.push(value) > 0;
    if (inner?.open === undefined || (at.column === inner.column && !at.mayAlign)) return false;
    inner.object[inner.open] = value;
    inner.open = undefined;
    return true;
  }

  #begin(block: Block): boolean {
    return this.#going.push(block) <= maxDepth;
  }
}
