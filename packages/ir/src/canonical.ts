// Canonical JSON (RFC 8785). Each event and each resource is written in it, so plain data take a short way; whatever is not
// plain data, or nests deeper than data do, is left to the library, which both ways agree with.
import canonicalize from 'canonicalize';

/** Deeper values go to the library, which does not recurse. */
const maxDepth = 64;

/** Canonical JSON (RFC 8785) of a value. Throws TypeError on what JSON cannot hold. */
export function canonicalJson(value: unknown): string {
  const text = append('', value, 0) ?? canonicalize(value);
  if (text === undefined) throw new TypeError('value has no JSON form');
  return text;
}

/**
 * The text with plain data after it; undefined for the library to decide. What is written goes to the end of one text: a text for each
 * part, put together at the end, is as much again to make and to throw away.
 */
function append(text: string, value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return appendQuoted(text, value);
    case 'number':
      return Number.isFinite(value) ? `${text}${value}` : undefined;
    case 'boolean':
      return value ? `${text}true` : `${text}false`;
    case 'object':
      if (value === null) return `${text}null`;
      if (depth > maxDepth) return undefined;
      return Array.isArray(value) ? appendList(text, value, depth + 1) : appendObject(text, value, depth + 1);
    default:
      return undefined;
  }
}

/** Printable ASCII that stands in JSON as it is. */
const plain = /^[ !#-[\]-~]*$/;

/** The text with another one after it as JSON; undefined where that is no Unicode. */
function appendQuoted(text: string, added: string): string | undefined {
  if (plain.test(added)) return `${text}"${added}"`;
  return added.isWellFormed() ? text + JSON.stringify(added) : undefined;
}

function appendList(text: string, list: readonly unknown[], depth: number): string | undefined {
  let longer = `${text}[`;
  for (let i = 0; i < list.length; i++) {
    const next = append(i === 0 ? longer : `${longer},`, list[i], depth);
    if (next === undefined) return undefined;
    longer = next;
  }
  return `${longer}]`;
}

function appendObject(text: string, object: object, depth: number): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  let longer = text;
  let isFirst = true;
  for (const key of sorted(Object.keys(object))) {
    const value = (object as Readonly<Record<string, unknown>>)[key];
    if (value === undefined) continue;
    const name = nameOf(key);
    if (name === undefined) return undefined;
    const next = append(longer + (isFirst ? name.first : name.further), value, depth);
    if (next === undefined) return undefined;
    longer = next;
    isFirst = false;
  }
  return isFirst ? `${longer}{}` : `${longer}}`;
}

/** The name of a field as it is written, with what stands before and after it. */
interface Name {
  /** Of the first field of an object. */
  readonly first: string;
  readonly further: string;
}

/** Objects have the same few names, over and over. */
const names = new Map<string, Name>();
const maxNames = 1_000;
const longestName = 64;

function nameOf(key: string): Name | undefined {
  const known = names.get(key);
  if (known !== undefined) return known;
  const quoted = appendQuoted('', key);
  if (quoted === undefined) return undefined;
  const name = { first: `{${quoted}:`, further: `,${quoted}:` };
  if (names.size < maxNames && key.length <= longestName) names.set(key, name);
  return name;
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
