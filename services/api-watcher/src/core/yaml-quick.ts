// The text of an ordinary manifest → its value, at a tenth of the cost of a reading that knows the place of each field.
import { CORE_SCHEMA, load } from 'js-yaml';

/** The value of a document, and the line (from 1) on which it begins, in column 1. */
export interface QuickReading {
  readonly value: unknown;
  readonly line: number;
}

/** Anything else (control characters, other line breaks, a byte order mark) is read slowly. */
const oddCharacter = /[^\n\x20-\x7e\u00a1-\u1fff\u2030-\ud7ff]/;

const quoted = String.raw`"[^"\\\n]*"|'[^'\n]*'`;
/** Text or a number without quotes, on one line; it cannot begin with an indicator. */
const plain = String.raw`(?:[A-Za-z0-9_./+]|-(?=[^ \n-]))(?:[^ \n:#]|:(?=[^ \n])| +(?=[^ \n#]))*`;
const inFlow = '(?:[A-Za-z0-9_./-]+|"[A-Za-z0-9_.*/-]*")';
/** A list of texts, an object of texts, or an empty one of both, on one line. */
const flow = String.raw`\[ *(?:${inFlow}(?:, *${inFlow})*)? *\]|\{ *(?:[A-Za-z]\w*: +${inFlow}(?:, *[A-Za-z]\w*: +${inFlow})*)? *\}`;
/** Keys that YAML takes for something else than text, and the one that JavaScript does, are left out. */
const key = String.raw`(?!(?:null|true|false|__proto__)["' ]*:)[A-Za-z_][\w./-]*|"[\w./-]+"|'[\w./-]+'`;
const value = `(?:${quoted}|${plain}|${flow})`;
const comment = ' *(?: #[^\\n]*)?';
const line = `(?: *(?:#[^\\n]*)?| *(?:- +)*(?:${key}):(?: +${value})?${comment}| *(?:- +)+${value}${comment})`;
/** Matches where a line is of no ordinary form. */
const oddLine = new RegExp(`^(?!${line}$)`, 'im');
/** Numbers that need not be exact, or finite. */
const oddNumber = /[\s[,][-+.\d]+e[-+\d]|\d{16}|0x[\da-f]{13}/i;
/** Lines before the value: the mark of the document, comments, empty ones. */
const head = /^(?:--- *(?: #[^\n]*)?\n)?(?: *(?:#[^\n]*)?\n)*(?=["'A-Za-z_])/;

/** Longer texts are no ordinary manifests, and might exhaust the regular expressions, UTF-16 code units. */
const maxLength = 64 * 1024;

const options = { schema: CORE_SCHEMA } as const;

/**
 * Reads a text that is one object in block style and holds only ordinary lines: entries and list items with one-line
 * values. No anchors, tags, merge keys, block scalars or texts over several lines. Undefined for any other text, and for
 * one with a fault: `readYaml` tells what it is. What is read is what `readYaml` reads: a property test holds them to it.
 */
export function readQuickly(text: string): QuickReading | undefined {
  if (text.length > maxLength || oddCharacter.test(text)) return undefined;
  const before = head.exec(text)?.[0];
  if (before === undefined) return undefined;
  const body = text.slice(before.length);
  if (oddNumber.test(body) || oddLine.test(body)) return undefined;
  try {
    return { value: load(body, options), line: before.split('\n').length };
  } catch {
    return undefined;
  }
}
