// The bytes or the text of a file → what it holds. Documents that did not change are not parsed again.
import type { Fault } from '@sluice/events';
import { type KindObjectRef, type ObjectFault, parseObject } from '@sluice/kinds';
import { DeclaredObject, ReadObject } from './declared-object.ts';
import { withoutElisions } from './elisions.ts';
import { judgeResources } from './judge-resources.ts';
import { keyOf } from './keys.ts';
import type { RefusedObject, SourcePart } from './source.ts';
import { splitDocuments } from './split-documents.ts';
import { type Place, readYaml, type YamlFault, type YamlValue } from './yaml-document.ts';

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
  readonly objects: readonly { readonly read: ReadObject; readonly place: Place }[];
  readonly refused: readonly {
    readonly ref: KindObjectRef;
    readonly place: Place;
    readonly faults: readonly LocalFault[];
  }[];
  readonly faults: readonly LocalFault[];
}

/** Readings of the documents of one file. */
export interface DocumentCache {
  /** Stands for the text of a document: the same for the same text, and for no other. */
  keyOf(text: string): string;
  readonly readings: ReadonlyMap<string, DocumentReading>;
}

/** What is known of a file that has not been read: texts stand for themselves. */
const noCache: DocumentCache = { keyOf: (text) => text, readings: new Map() };

/** A file's content, and the readings that make the next reading of it cheap; none of a file with a single document. */
export interface PartReading {
  readonly part: SourcePart;
  readonly readings: DocumentCache['readings'];
}

/** Reads the text of a file. `cache` holds the readings of the last time. Never throws. */
export function readPart(text: string, file: string, cache: DocumentCache = noCache): PartReading {
  const readings = new Map<string, DocumentReading>();
  const objects: DeclaredObject[] = [];
  const refused: RefusedObject[] = [];
  const faults: Fault[] = [];
  const documents = splitDocuments(text);
  for (const { text: document, line } of documents) {
    const key = documents.length === 1 ? undefined : cache.keyOf(document);
    const known = key === undefined ? undefined : (readings.get(key) ?? cache.readings.get(key));
    const reading = known ?? readDocument(document);
    if (key !== undefined) readings.set(key, reading);
    const origin = (place: Place) => ({ file, line: place.line + line, column: place.column });
    const fault = (f: LocalFault): Fault => ({
      origin: origin(f.place),
      path: f.path,
      message: f.message,
      hint: f.hint,
    });
    for (const { read, place } of reading.objects) objects.push(new DeclaredObject(read, origin(place)));
    for (const { ref, place, faults: list } of reading.refused)
      refused.push({ ref, origin: origin(place), faults: list.map(fault) });
    faults.push(...reading.faults.map(fault));
  }
  const part = {
    // Cut to its length: a list that grew keeps room for more.
    objects: objects.slice(),
    refused: refused.length === 0 ? none : refused,
    faults: faults.length === 0 ? none : faults,
  };
  return { part, readings };
}

/** Shared, since most files have no faults. */
const none: readonly never[] = [];

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Reads the bytes of a file: UTF-8, with or without byte order mark. */
export function readBytes(bytes: Uint8Array, file: string, cache: DocumentCache = noCache): PartReading {
  if (bytes.length > maxFileBytes)
    return unreadable(file, `is ${bytes.length} bytes long, at most ${maxFileBytes} are read`, 'split it');
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    const before = new TextDecoder('utf-8').decode(bytes).split('\uFFFD', 1)[0] ?? '';
    return unreadable(file, 'is not UTF-8', 'save it as UTF-8', before.split('\n').length);
  }
  return readPart(text, file, cache);
}

/** A part that could not be read at all. */
export function unreadable(file: string, message: string, hint = '', line = 1): PartReading {
  const fault: Fault = { origin: { file, line, column: 1 }, path: '', message, hint };
  return { part: { objects: [], refused: [], faults: [fault] }, readings: noCache.readings };
}

function readDocument(text: string): DocumentReading {
  const yaml = readYaml(text);
  if (!yaml.ok) return unreadableDocument(text, yaml.faults);
  const reading = { objects: [], refused: [], faults: [] } as {
    -readonly [K in keyof DocumentReading]: DocumentReading[K][number][];
  };
  for (const value of yaml.values) for (const item of itemsOf(value)) addItem(reading, value, item);
  return reading;
}

/** What is wrong with a text that is no YAML. Where somebody left something out, that, and what is wrong with the rest. */
function unreadableDocument(text: string, faults: readonly YamlFault[]): DocumentReading {
  const plain = (list: readonly YamlFault[]): LocalFault[] => list.map((f) => ({ ...f, path: '' }));
  const elided = withoutElisions(text);
  if (elided === undefined) return { objects: [], refused: [], faults: plain(faults) };
  const left = elided.places.map((place) => ({
    place,
    path: '',
    message: 'stands for something that is left out',
    hint: 'write it out, or remove the line',
  }));
  const rest = readDocument(elided.text);
  return {
    objects: [],
    refused: [],
    faults: [...left, ...rest.faults, ...rest.refused.flatMap((refused) => refused.faults)],
  };
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
  const parsed = judgeResources(parseObject(value), 'manifest', value);
  const place = placeOf(steps);
  if (parsed.ok) {
    reading.objects.push({ read: new ReadObject(parsed.object), place });
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
