// One raw resource: JSON of anybody → a message that Envoy can read, or all its faults.
import { type DescMessage, fromJson, type JsonValue, toJson } from '@bufbuild/protobuf';
import { type EnvoyResource, fault, type ObjectFault } from '@sluice/kinds';
import type { JsonObject } from './json.ts';
import { envoyTypes, typeOf, typePrefix } from './registry.ts';
import { kindOf, nameField, type ResourceKind, resourceTypes } from './resource-types.ts';
import { strictFaults, unknownType } from './strict.ts';

type Steps = readonly (string | number)[];

/** A resource that holds to its type. */
export interface TypedResource {
  readonly kind: ResourceKind;
  readonly desc: DescMessage;
  /** As written. */
  readonly name: string;
  /** With the field names of the protos. */
  readonly message: JsonObject;
}

/** Reads a resource; paths of faults begin with `steps`. Never throws. */
export function readResource(
  resource: EnvoyResource,
  steps: Steps,
): TypedResource | { readonly faults: readonly ObjectFault[] } {
  const { '@type': typeUrl, ...fields } = resource;
  const kind = kindOf(typeUrl);
  const desc = typeOf(typeUrl);
  if (kind === undefined || desc === undefined) return { faults: [typeFault(typeUrl, steps, desc)] };
  const faults = strictFaults(desc, fields, steps);
  if (faults.length > 0) return { faults };
  const message = typed(desc, fields as JsonValue);
  if (typeof message === 'string') return { faults: [fault(steps, message)] };
  const field = nameField(kind);
  const name = message[field];
  if (typeof name !== 'string' || name === '')
    return { faults: [fault([...steps, field], 'is required', 'give the resource a name')] };
  if (name.length > 253 || !/^[\x21-\x7e]+$/.test(name))
    return { faults: [fault([...steps, field], 'must be at most 253 visible ASCII characters')] };
  return { kind, desc, name, message };
}

function typeFault(typeUrl: unknown, steps: Steps, desc: DescMessage | undefined): ObjectFault {
  const at = [...steps, '@type'];
  if (desc === undefined) return fault(at, ...unknownType(typeUrl));
  const names = Object.values(resourceTypes).map((name) => name.split('.').at(-1));
  return fault(
    at,
    'is no resource by itself: Envoy asks for none of this type',
    `one of ${names.join(', ')}`,
  );
}

/** The message with the field names of the protos, or what is wrong with it. */
function typed(desc: DescMessage, fields: JsonValue): JsonObject | string {
  const registry = envoyTypes();
  try {
    const message = fromJson(desc, fields, { registry });
    return toJson(desc, message, { registry, useProtoFieldName: true }) as JsonObject;
  } catch (error) {
    if (error instanceof RangeError) return 'is nested too deeply';
    return `is no valid ${typePrefix}${desc.typeName}: a value does not fit its field`;
  }
}
