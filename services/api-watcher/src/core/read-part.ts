// The bytes or the text of a file → what it holds. Documents that did not change are not parsed again.
import type { Fault } from '@sluice/events';
import { type KindObjectRef, type ObjectFault, parseObject, type SourceObject } from '@sluice/kinds';
import { keyOf } from './keys.ts';
import type { DeclaredObject, RefusedObject, SourcePart } from './source.ts';
import { splitDocuments } from './split-documents.ts';
import { type Place, readYaml, type YamlValue } from './yaml-document.ts';

/** Files larger than this are refused unread, bytes. */
export const maxFileBytes = 32 * 1024 * 1024;

/** An object whose name makes a longer subject than this has no fault of its own on the log. */
const maxKeyLength = 1000;

/** A fault whose line counts from the beginning of its document. */
interface LocalFault {
  readonly place: Place;
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

/** What one document holds; lines count from its beginning. */
export interface DocumentReading {
  readonly objects: readonly { readonly object: SourceObject; readonly place: Place }[];
  readonly refused: readonly {
    readonly ref: KindObjectRef;
    readonly place: Place;
    readonly faults: readonly LocalFault[];
  }[];
  readonly faults: readonly LocalFault[];
}

/** Readings by the text of the document. */
export type DocumentCache = ReadonlyMap<string, DocumentReading>;

/** A file's content, and the readings that make the next reading of it cheap. */
export interface PartReading {
  readonly part: SourcePart;
  readonly cache: DocumentCache;
}

/** Reads the text of a file. `previous` is the cache of the last reading. Never throws. */
export function readPart(text: string, file: string, previous: DocumentCache = new Map()): PartReading {
  const cache = new Map<string, DocumentReading>();
  const objects: DeclaredObject[] = [];
  const refused: RefusedObject[] = [];
  const faults: Fault[] = [];
  for (const { text: document, line } of splitDocuments(text)) {
    const reading = cache.get(document) ?? previous.get(document) ?? readDocument(document);
    cache.set(document, reading);
    const origin = (place: Place) => ({ file, line: place.line + line, column: place.column });
    const fault = (f: LocalFault): Fault => ({
      origin: origin(f.place),
      path: f.path,
      message: f.message,
      hint: f.hint,
    });
    for (const { object, place } of reading.objects) objects.push({ object, origin: origin(place) });
    for (const { ref, place, faults: list } of reading.refused)
      refused.push({ ref, origin: origin(place), faults: list.map(fault) });
    faults.push(...reading.faults.map(fault));
  }
  return { part: { objects, refused, faults }, cache };
}

/** Reads the bytes of a file: UTF-8, with or without byte order mark. */
export function readBytes(bytes: Uint8Array, file: string, previous: DocumentCache = new Map()): PartReading {
  if (bytes.length > maxFileBytes)
    return unreadable(file, `is ${bytes.length} bytes long, at most ${maxFileBytes} are read`, 'split it');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const before = new TextDecoder('utf-8').decode(bytes).split('\uFFFD', 1)[0] ?? '';
    return unreadable(file, 'is not UTF-8', 'save it as UTF-8', before.split('\n').length);
  }
  return readPart(text, file, previous);
}

/** A part that could not be read at all. */
export function unreadable(file: string, message: string, hint = '', line = 1): PartReading {
  const fault: Fault = { origin: { file, line, column: 1 }, path: '', message, hint };
  return { part: { objects: [], refused: [], faults: [fault] }, cache: new Map() };
}

function readDocument(text: string): DocumentReading {
  const yaml = readYaml(text);
  if (!yaml.ok) return { objects: [], refused: [], faults: yaml.faults.map((f) => ({ ...f, path: '' })) };
  const reading = { objects: [], refused: [], faults: [] } as {
    -readonly [K in keyof DocumentReading]: DocumentReading[K][number][];
  };
  for (const value of yaml.values) for (const item of itemsOf(value)) addItem(reading, value, item);
  return reading;
}

interface Item {
  readonly steps: readonly (string | number)[];
  readonly value: unknown;
}

/** The items of a `kind: List`, else the value itself. */
function itemsOf({ value }: YamlValue): Item[] {
  if (typeof value !== 'object' || value === null) return [{ steps: [], value }];
  const { apiVersion, kind, items } = value as Record<string, unknown>;
  if (apiVersion !== 'v1' || kind !== 'List' || !Array.isArray(items)) return [{ steps: [], value }];
  return items.map((item: unknown, index) => ({ steps: ['items', index], value: item }));
}

function addItem(
  reading: { -readonly [K in keyof DocumentReading]: DocumentReading[K][number][] },
  { placeOf }: YamlValue,
  { steps, value }: Item,
): void {
  const parsed = parseObject(value);
  const place = placeOf(steps);
  if (parsed.ok) {
    reading.objects.push({ object: parsed.object, place });
    return;
  }
  const faults = parsed.faults.map((f: ObjectFault) => ({
    place: placeOf([...steps, ...f.steps]),
    path: f.path,
    message: f.message,
    hint: f.hint,
  }));
  if (parsed.ref === undefined || keyOf(parsed.ref).length > maxKeyLength) reading.faults.push(...faults);
  else reading.refused.push({ ref: parsed.ref, place, faults });
}
