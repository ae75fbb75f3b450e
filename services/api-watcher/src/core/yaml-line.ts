// One line of an ordinary manifest → what stands on it: an entry, or list items, with a value on that very line (YAML 1.2.2,
// core schema). A line that takes others to be understood, or of which a rarer rule of YAML makes something else, is odd.

/** Stands for what is of no ordinary form. */
export const odd = Symbol('odd');

/** What stands on a line. */
export interface OrdinaryLine {
  /** Columns, from 0, of the dashes before the key or value. */
  readonly dashes: readonly number[];
  /** Column of the key, or of the value where there is none. */
  readonly column: number;
  readonly key: string | undefined;
  /** Undefined: none on this line, which has a key then. */
  readonly value: unknown;
}

/** Text or a number without quotes; it cannot begin with an indicator. */
const plain = String.raw`(?:[A-Za-z0-9_./+]|-(?=[^ \n-]))(?:[^ \n:#]|:(?=[^ \n])| +(?=[^ \n#]))*`;
const inFlow = '(?:[A-Za-z0-9_./-]+|"[A-Za-z0-9_.*/-]*")';
/** A list of texts, an object of texts, or an empty one of both. */
const flow = String.raw`\[ *(?:${inFlow}(?:, *${inFlow})*)? *\]|\{ *(?:[A-Za-z]\w*: +${inFlow}(?:, *[A-Za-z]\w*: +${inFlow})*)? *\}`;
const value = String.raw`"([^"\\\n]*)"|'([^'\n]*)'|(${plain})|(${flow})`;
const key = String.raw`([A-Za-z_][\w./-]{0,200})|"([\w./-]{1,200})"|'([\w./-]{1,200})'`;
const content = String.raw`( *)((?:- +)*)(?:(?:${key}):(?=[ \n]|$) *)?(?:${value})?(?: +#[^\n]*| *)`;
/** An empty line, a comment, or one with content; without its end. */
const line = new RegExp(String.raw`^(?: *(?:#[^\n]*)?|${content})$`);

/**
 * Lines that were read lately: manifests of a kind differ in a few lines, and looking one up takes a fraction of reading it. Of texts that are
 * short, since V8 keeps all of a text with a line of it, and hold no Secret, which is not to be kept; save those with a list or object, which
 * belongs to one manifest.
 */
const lately = new Map<string, OrdinaryLine>();
const maxLately = 256;
const maxTextLately = 4_096;

/** Reads the lines of a text in order. */
export class OrdinaryLines {
  readonly #text: string;
  readonly #mayKeep: boolean;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#mayKeep = text.length <= maxTextLately && !text.includes('Secret');
  }

  /** The next line that is neither empty nor a comment, `odd` where it is of no ordinary form; undefined after the last. */
  next(): OrdinaryLine | typeof odd | undefined {
    while (this.#at < this.#text.length) {
      const end = this.#text.indexOf('\n', this.#at);
      const text = this.#text.slice(this.#at, end < 0 ? undefined : end);
      this.#at = end < 0 ? this.#text.length : end + 1;
      const read = lately.get(text) ?? this.#read(text);
      if (read !== undefined) return read;
    }
    return undefined;
  }

  #read(text: string): OrdinaryLine | typeof odd | undefined {
    const found = line.exec(text);
    if (found === null) return odd;
    if (found[1] === undefined) return undefined;
    const read = lineOf(found, found[1].length);
    if (read !== odd && this.#mayKeep && typeof read.value !== 'object') {
      if (lately.size === maxLately) lately.clear();
      lately.set(text, read);
    }
    return read;
  }
}

function lineOf(found: RegExpExecArray, indent: number): OrdinaryLine | typeof odd {
  const [dashes, name] = [found[2] ?? '', found[3]];
  if (name !== undefined && isWord(name)) return odd;
  const key = name ?? found[4] ?? found[5];
  const [plain, flow] = [found[8], found[9]];
  const value =
    plain !== undefined ? scalarOf(plain) : flow === undefined ? (found[6] ?? found[7]) : flowOf(flow);
  if (value === odd || key === '__proto__') return odd;
  // A value alone goes on from the line before, and a dash alone stands for what the next lines hold.
  if (key === undefined && (dashes === '' || value === undefined)) return odd;
  return { dashes: columnsOf(dashes, indent), column: indent + dashes.length, key, value };
}

const noColumns: readonly number[] = [];

function columnsOf(dashes: string, indent: number): readonly number[] {
  if (dashes === '') return noColumns;
  const columns: number[] = [];
  for (let at = 0; at >= 0; at = dashes.indexOf('-', at + 1)) columns.push(indent + at);
  return columns;
}

const words: ReadonlyMap<string, boolean | null> = new Map([
  ...['null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);
const longestWord = 5;

function isWord(text: string): boolean {
  return text.length <= longestWord && words.has(text);
}

const beginsNumber = /^[-+.\d]/;
/** Numbers that are exact, in the form in which they are mostly written. */
const ordinaryNumber = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?$/;
const anyNumber = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$|^0[ox][\da-f]+$|^[-+]?\.(?:inf|nan)$/i;

/** What a text without quotes is. */
function scalarOf(text: string): string | number | boolean | null | typeof odd {
  if (isWord(text)) return words.get(text) ?? null;
  if (!beginsNumber.test(text)) return text;
  if (ordinaryNumber.test(text)) return Number(text);
  return anyNumber.test(text) ? odd : text;
}

function itemOf(text: string): ReturnType<typeof scalarOf> {
  if (text.startsWith('"')) return text.slice(1, -1);
  return text.startsWith('-') && !ordinaryNumber.test(text) ? odd : scalarOf(text);
}

/** The value of a list or object in brackets, of which `flow` has told the form. */
function flowOf(text: string): unknown {
  const inner = text.slice(1, -1).trim();
  const items = inner === '' ? [] : inner.split(',').map((item) => item.trim());
  if (text.startsWith('[')) {
    const list = items.map(itemOf);
    return list.includes(odd) ? odd : list;
  }
  const object: Record<string, unknown> = {};
  for (const item of items) {
    const end = item.indexOf(':');
    const name = item.slice(0, end);
    const value = itemOf(item.slice(end + 1).trim());
    if (value === odd || isWord(name) || Object.hasOwn(object, name)) return odd;
    object[name] = value;
  }
  return object;
}
