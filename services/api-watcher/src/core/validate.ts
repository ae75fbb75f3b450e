// What `sluice validate` runs: the same reading as the live source, without one.
import type { Fault } from '@sluice/events';
import { formatObjectRef } from '@sluice/ir';
import type { DeclaredObject } from './declared-object.ts';
import { crossFaults } from './judge-resources.ts';
import { readBytes, readPart } from './read-part.ts';
import type { SourcePart } from './source.ts';

/** Objects that hold to their schemas, and every fault of the others, by line. */
export interface Validation {
  readonly objects: readonly DeclaredObject[];
  readonly faults: readonly Fault[];
}

/** Checks the documents of one file: text, or bytes where the encoding is to be checked too. Never throws. */
export function validateDocuments(content: string | Uint8Array, file: string): Validation {
  const { part } = typeof content === 'string' ? readPart(content, file) : readBytes(content, file);
  return validation([part]);
}

/** Checks several files together: an object that stands in two places is a fault too. */
export function validateFiles(
  files: readonly { readonly file: string; readonly content: string | Uint8Array }[],
): Validation {
  return validation(
    files.map(
      ({ file, content }) =>
        (typeof content === 'string' ? readPart(content, file) : readBytes(content, file)).part,
    ),
  );
}

function validation(parts: readonly SourcePart[]): Validation {
  const objects = parts.flatMap((part) => part.objects);
  const faults = parts.flatMap((part) => [...part.faults, ...part.refused.flatMap((r) => r.faults)]);
  return { objects, faults: [...faults, ...repetitions(objects), ...crossFaults(objects)].toSorted(byPlace) };
}

/** A fault for each object that was declared before. */
function repetitions(objects: readonly DeclaredObject[]): Fault[] {
  const first = new Map<string, DeclaredObject>();
  const faults: Fault[] = [];
  for (const declared of objects) {
    const before = first.get(declared.key);
    if (before === undefined) first.set(declared.key, declared);
    else faults.push(duplicateFault(declared, before));
  }
  return faults;
}

/** Says of `loser` that `winner` is the one in force. */
export function duplicateFault(loser: DeclaredObject, winner: DeclaredObject): Fault {
  const place = `${winner.origin.file}:${winner.origin.line}`;
  return {
    origin: loser.origin,
    path: '',
    message: `${formatObjectRef(loser.ref)} is also declared at ${place}, which is the one in force`,
    hint: 'remove one of the two',
  };
}

function byPlace(a: Fault, b: Fault): number {
  return a.origin.file === b.origin.file
    ? a.origin.line - b.origin.line || a.origin.column - b.origin.column
    : a.origin.file < b.origin.file
      ? -1
      : 1;
}
