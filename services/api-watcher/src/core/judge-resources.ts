// Raw Envoy resources in an object that holds to its schema: what is wrong with them by themselves.

import {
  allowedFor,
  crossCheck,
  keyFaults,
  looseFaults,
  readEnvoyConfig,
  resourceFaults,
} from '@sluice/envoy-resources';
import type { Fault } from '@sluice/events';
import {
  isEnvoyConfig,
  type Namespace,
  type ObjectFault,
  type ObjectSource,
  objectRefOf,
  type ParsedObject,
} from '@sluice/kinds';
import type { DeclaredObject } from './declared-object.ts';

/**
 * Of a manifest an unknown field is a slip of the pen, as everywhere, and the object is refused. What an API server has taken
 * stands on the log, where a condition speaks of the faulty resource and the others are served. Key material never does.
 */
export function judgeResources(parsed: ParsedObject, source: ObjectSource, value?: unknown): ParsedObject {
  if (!parsed.ok) {
    const isOne = parsed.ref !== undefined && isEnvoyConfig(parsed.ref);
    return isOne ? { ...parsed, faults: [...parsed.faults, ...looseFaults(value)] } : parsed;
  }
  if (!isEnvoyConfig(parsed.object)) return parsed;
  const faults = source === 'manifest' ? resourceFaults(parsed.object) : keyFaults(parsed.object);
  return faults.length === 0 ? parsed : { ok: false, ref: objectRefOf(parsed.object), faults };
}

/**
 * What the status would say of objects that are taken: names that lead nowhere, and what their authors may not set. A
 * Namespace among the files says what an operator allows.
 */
export function crossFaults(declared: readonly DeclaredObject[]): Fault[] {
  const namespaces = new Map<string, Namespace>();
  for (const { object } of declared)
    if (object.kind === 'Namespace') namespaces.set(object.metadata.name, object);
  return declared.flatMap(({ object, origin }) => {
    if (!isEnvoyConfig(object)) return [];
    const reading = readEnvoyConfig(
      object,
      allowedFor(object, namespaces.get(object.metadata.namespace)?.metadata.annotations ?? {}),
    );
    const faults: ObjectFault[] = [
      ...reading.setAside.flatMap((aside) => aside.faults),
      ...crossCheck(object, reading).map((end) => end.fault),
    ];
    return faults.map(({ path, message, hint }) => ({ origin, path, message, hint }));
  });
}
