// An object of an API server → the part of the source that it is: one object, taken or refused.
import type { Origin } from '@sluice/events';
import { type Kind, parseObject } from '@sluice/kinds';
import { DeclaredObject, ReadObject } from '../declared-object.ts';
import { judgeResources } from '../judge-resources.ts';
import { keyOf } from '../keys.ts';
import type { SourcePart } from '../source.ts';
import type { ApiObject } from './api-object.ts';

/** What was read of one object. */
export interface ObjectReading {
  readonly part: SourcePart;
  /** Fields of its spec that are newer than what is known here, and were left out. */
  readonly ignored: readonly string[];
}

/** A name that makes a longer subject than this cannot stand on the log. */
const maxKeyLength = 1000;

/** Name of the part that an object is; where its faults are said to stand. */
export function partName(kind: Kind, of: { readonly namespace: string; readonly name: string }): string {
  return ['kubernetes', kind.plural, ...(of.namespace === '' ? [] : [of.namespace]), of.name].join('/');
}

/** Reads one object of a kind, whatever version it came in. Never throws. */
export function readApiObject(kind: Kind, object: ApiObject): ObjectReading {
  const { namespace, name } = object.metadata;
  const origin: Origin = { file: partName(kind, { namespace, name }), line: 1, column: 1 };
  const [version] = kind.versions;
  const apiVersion =
    typeof object.apiVersion === 'string'
      ? object.apiVersion
      : kind.group === ''
        ? version
        : `${kind.group}/${version}`;
  const parsed = judgeResources(parseObject({ ...object, apiVersion, kind: kind.kind }, 'api'), 'api');
  if (parsed.ok) {
    const ignored = parsed.ignored.filter((path) => path.startsWith('spec'));
    const declared = new DeclaredObject(new ReadObject(parsed.object), origin);
    return { part: { objects: [declared], refused: [], faults: [] }, ignored };
  }
  const faults = parsed.faults.map(({ path, message, hint }) => ({ origin, path, message, hint }));
  if (parsed.ref === undefined || keyOf(parsed.ref).length > maxKeyLength)
    return { part: { objects: [], refused: [], faults }, ignored: [] };
  return { part: { objects: [], refused: [{ ref: parsed.ref, origin, faults }], faults: [] }, ignored: [] };
}

/** The part of an object that may be there and cannot be read: what is in force of it stays. */
export function unreadPart(
  kind: Kind,
  of: { readonly namespace: string; readonly name: string },
  reason: string,
): SourcePart {
  const ref = { group: kind.group, kind: kind.kind, namespace: of.namespace, name: of.name };
  const origin: Origin = { file: partName(kind, of), line: 1, column: 1 };
  const fault = {
    origin,
    path: '',
    message: `cannot be read: ${reason}`,
    hint: `allow api-watcher to list and watch ${kind.plural} in namespace ${of.namespace}`,
  };
  return { objects: [], refused: [{ ref, origin, faults: [fault] }], faults: [] };
}
