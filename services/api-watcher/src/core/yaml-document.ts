// YAML text → values that know where each of their fields stands, or faults with line and column. No message repeats
// text of the file: it may hold a Secret.
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
} from 'yaml';
import { readJsonQuickly } from './json-quick.ts';
import { type QuickReading, readQuickly } from './yaml-quick.ts';

/** A place in the text, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One value of a text, and where its fields stand. */
export interface YamlValue {
  readonly value: unknown;
  /** The key, or list item, at a path; where there is none, the innermost that is there. */
  placeOf(steps: readonly (string | number)[]): Place;
}

/** What is wrong with the text itself. */
export interface YamlFault {
  readonly place: Place;
  readonly message: string;
  readonly hint: string;
}

/** The outcome: all values, or the faults. */
export type YamlReading =
  | { readonly ok: true; readonly values: readonly YamlValue[] }
  | { readonly ok: false; readonly faults: readonly YamlFault[] };

/** Aliases may multiply a document by no more than this. */
const maxAliasCount = 100;
/** More faults of one text than these help nobody. */
const maxFaults = 10;

/** Reads every document of a text; empty ones are left out. Duplicate keys, unknown tags and alias bombs are faults. Never throws. */
export function readYaml(text: string): YamlReading {
  const quick = readJsonQuickly(text) ?? readQuickly(text);
  return quick === undefined ? readSlowly(text) : { ok: true, values: [quickValue(text, quick)] };
}

/** The places of fields are looked for when they are asked for: where there is a fault, and in a list of objects. */
function quickValue(text: string, { value, line }: QuickReading): YamlValue {
  let slow: YamlReading | undefined;
  return {
    value,
    placeOf: (steps) => {
      if (steps.length === 0) return { line, column: 1 };
      slow ??= readSlowly(text);
      return (slow.ok ? slow.values[0]?.placeOf(steps) : undefined) ?? { line, column: 1 };
    },
  };
}

/** As `readYaml`, at twenty times its cost for an ordinary manifest. */
export function readSlowly(text: string): YamlReading {
  const lines = new LineCounter();
  const start: Place = { line: 1, column: 1 };
  try {
    const documents = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      merge: true,
      logLevel: 'silent',
    });
    if (!Array.isArray(documents)) return { ok: true, values: [] };
    const faults = documents.flatMap((d) => [
      ...[...d.errors, ...d.warnings].map(({ code, pos }) => faultOf(code, pos[0], lines)),
      ...repeatedKeys(d).map((offset) => faultOf('DUPLICATE_KEY', offset, lines)),
    ]);
    if (faults.length > 0) return { ok: false, faults: faults.slice(0, maxFaults) };
    const values = documents.filter(
      (d) => d.contents !== null && !(isScalar(d.contents) && d.contents.value === null),
    );
    return {
      ok: true,
      values: values.map((d) => ({
        value: d.toJS({ maxAliasCount }),
        placeOf: (steps) => placeOf(d, lines, steps),
      })),
    };
  } catch (error) {
    const [message, hint] = causeOf(error);
    return { ok: false, faults: [{ place: start, message, hint }] };
  }
}

/** What the library throws where a text that it could parse makes no value. */
function causeOf(error: unknown): readonly [message: string, hint: string] {
  if (error instanceof ReferenceError)
    return ['aliases multiply the document too often', 'write the repeated parts out'];
  if (error instanceof RangeError) return ['is nested too deeply', ''];
  return ['makes no value', 'a merge key (<<) takes an object, or an alias of one'];
}

function placeOf(document: Document.Parsed, lines: LineCounter, steps: readonly (string | number)[]): Place {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const step of steps) {
    if (isAlias(node)) node = node.resolve(document) ?? null;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair === undefined) break;
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = (pair.value as Node | null) ?? null;
    } else if (isSeq(node) && typeof step === 'number') {
      const item = node.items[step] as Node | undefined;
      if (item === undefined) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else break;
  }
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

const words: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  ALIAS_PROPS: ['an alias must stand alone', ''],
  BAD_ALIAS: ['an alias names no anchor', 'define the anchor with & before its first use'],
  BAD_DQ_ESCAPE: ['unknown escape in double quotes', 'use single quotes, or double the backslash'],
  BAD_INDENT: ['wrong indentation', 'indent items of one list or object alike, with spaces'],
  BAD_PROP_ORDER: ['anchors and tags must stand before the value', ''],
  BAD_SCALAR_START: ['a plain text must not begin with this character', 'put it in quotes'],
  BLOCK_AS_IMPLICIT_KEY: [
    'nested objects must begin on a new line',
    'check the indentation, and quote texts that hold ": "',
  ],
  BLOCK_IN_FLOW: ['a block must not stand inside of brackets', ''],
  DUPLICATE_KEY: ['a key stands twice in one object', 'remove one of the two'],
  IMPOSSIBLE: ['is no YAML', ''],
  KEY_OVER_1024_CHARS: ['a key is longer than 1,024 characters', ''],
  MISSING_CHAR: ['a closing character is missing', 'close every quote and bracket; check the indentation'],
  MULTILINE_IMPLICIT_KEY: ['a key must stand on one line with its colon', 'a colon may be missing'],
  MULTIPLE_ANCHORS: ['a value has two anchors', ''],
  MULTIPLE_DOCS: ['another document begins here', 'put --- between documents'],
  MULTIPLE_TAGS: ['a value has two tags', ''],
  NON_STRING_KEY: ['a key must be text', ''],
  RESOURCE_EXHAUSTION: ['is nested too deeply', ''],
  TAB_AS_INDENT: ['tabs must not indent', 'use spaces'],
  TAG_RESOLVE_FAILED: ['unknown tag', 'remove the tag'],
  UNEXPECTED_TOKEN: ['something unexpected stands here', 'check indentation, quotes and brackets'],
  BAD_COLLECTION_TYPE: ['the tag does not fit the value', 'remove the tag'],
};

function faultOf(code: string, offset: number, lines: LineCounter): YamlFault {
  const { line, col } = lines.linePos(offset);
  const [message, hint] = words[code] ?? ['is no YAML', ''];
  return { place: { line: Math.max(1, line), column: Math.max(1, col) }, message, hint };
}

/** Offsets of keys that stand twice in one object. (The library's own check takes quadratic time.) */
function repeatedKeys(document: Document.Parsed): number[] {
  const offsets: number[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name)) offsets.push(key.range?.[0] ?? 0);
        seen.add(name);
      }
    },
  });
  return offsets;
}
