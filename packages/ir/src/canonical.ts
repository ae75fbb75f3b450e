// Canonical JSON (RFC 8785). Each event and each resource is written in it, so plain data take a short way; whatever is not
// plain data, or nests deeper than data do, is left to the library, which both ways agree with.
import canonicalize from 'canonicalize';

/** Deeper values go to the library, which does not recurse. */
const maxDepth = 64;

/** Canonical JSON (RFC 8785) of a value. Throws TypeError on what JSON cannot hold. */
export function canonicalJson(value: unknown): string {
  const text = textOf(value, 0) ?? canonicalize(value);
  if (text === undefined) throw new TypeError('value has no JSON form');
  return text;
}

/** The text of plain data; undefined for the library to decide. */
function textOf(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      return Number.isFinite(value) ? `${value}` : undefined;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth > maxDepth) return undefined;
      return Array.isArray(value) ? listText(value, depth + 1) : objectText(value, depth + 1);
    default:
      return undefined;
  }
}

/** Printable ASCII that stands in JSON as it is. */
const plain = /^[ !#-[\]-~]*$/;

/** A text as JSON; undefined where it is no Unicode. */
function quoted(text: string): string | undefined {
  if (plain.test(text)) return `"${text}"`;
  return text.isWellFormed() ? JSON.stringify(text) : undefined;
}

function listText(list: readonly unknown[], depth: number): string | undefined {
  let text = '[';
  for (let i = 0; i < list.length; i++) {
    const item = textOf(list[i], depth);
    if (item === undefined) return undefined;
    text += i === 0 ? item : `,${item}`;
  }
  return `${text}]`;
}

function objectText(object: object, depth: number): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  let text = '{';
  for (const key of sorted(Object.keys(object))) {
    const value = (object as Readonly<Record<string, unknown>>)[key];
    if (value === undefined) continue;
    const item = textOf(value, depth);
    const name = quoted(key);
    if (item === undefined || name === undefined) return undefined;
    text += text.length === 1 ? `${name}:${item}` : `,${name}:${item}`;
  }
  return `${text}}`;
}

/** Sorts in place by UTF-16 code unit; objects have few keys, mostly in order already. */
function sorted(keys: string[]): string[] {
  if (keys.length > 32) return keys.sort();
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i] ?? '';
    let j = i;
    for (; j > 0 && (keys[j - 1] ?? '') > key; j--) keys[j] = keys[j - 1] ?? '';
    keys[j] = key;
  }
  return keys;
}
