// One way through a message in its JSON form (with the field names of the protos), into every message inside of it, also
// those in an `Any`.
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { isObject, type Json, type JsonObject } from './json.ts';
import { typeOf } from './registry.ts';

export type Steps = readonly (string | number)[];

/** A field with a value, where the walk has come to. */
export interface FieldVisit {
  /** `<message>.<field>`, as `envoy.config.core.v3.DataSource.filename`. */
  readonly id: string;
  readonly value: Json;
  /** The message that has it. */
  readonly parent: JsonObject;
  readonly steps: Steps;
}

/** A message, where the walk has come to. */
export interface MessageVisit {
  /** Full name of its type. */
  readonly type: string;
  readonly value: Json;
  readonly steps: Steps;
  /** It stands in an `Any`. */
  readonly packed: boolean;
}

/** What looks on. */
export interface Visitor {
  message?(visit: MessageVisit): void;
  /** Gives another value in place of the field's; undefined: it stays. */
  field?(visit: FieldVisit): Json | undefined;
  /** Gives another message in place of one that has been walked; undefined: it stays. */
  finish?(type: string, value: JsonObject): JsonObject | undefined;
  /** Text anywhere, in fields, lists and maps. */
  text?(value: string, steps: Steps): void;
}

/** Walks a message; gives it back with what the visitor put in place of fields. */
export function walk(desc: DescMessage, value: JsonObject, visitor: Visitor, steps: Steps = []): JsonObject {
  return fieldsOf(desc, value, { visitor, steps, packed: false });
}

interface At {
  readonly visitor: Visitor;
  readonly steps: Steps;
  readonly packed: boolean;
}

function messageOf(desc: DescMessage, value: Json, at: At): Json {
  if (desc.typeName === 'google.protobuf.Any') return anyOf(value, at);
  const { visitor, steps } = at;
  if (desc.typeName.startsWith('google.protobuf.')) {
    visitor.message?.({ type: desc.typeName, value, steps, packed: at.packed });
    texts(value, at);
    return value;
  }
  return isObject(value) ? fieldsOf(desc, value, at) : value;
}

function anyOf(value: Json, at: At): Json {
  if (!isObject(value)) return value;
  const desc = typeOf(value['@type']);
  if (desc === undefined) return value;
  const inside = { ...at, packed: true };
  if (!desc.typeName.startsWith('google.protobuf.')) return fieldsOf(desc, value, inside);
  at.visitor.message?.({ type: desc.typeName, value, steps: at.steps, packed: true });
  return value;
}

function fieldsOf(desc: DescMessage, value: JsonObject, { visitor, steps, packed }: At): JsonObject {
  visitor.message?.({ type: desc.typeName, value, steps, packed });
  const out: Record<string, Json> = {};
  for (const [name, child] of Object.entries(value)) {
    const field = name === '@type' ? undefined : desc.fields.find((f) => f.name === name);
    if (field === undefined) {
      out[name] = child;
      continue;
    }
    const at = { visitor, steps: [...steps, name], packed: false };
    const visit = { id: `${desc.typeName}.${field.name}`, value: child, parent: value, steps: at.steps };
    out[name] = visitor.field?.(visit) ?? childOf(field, child, at);
  }
  return visitor.finish?.(desc.typeName, out) ?? out;
}

function childOf(field: DescField, value: Json, at: At): Json {
  const { message } = field;
  if (message === undefined) {
    texts(value, at);
    return value;
  }
  const { steps } = at;
  if (field.fieldKind === 'list' && Array.isArray(value))
    return value.map((item: Json, i) => messageOf(message, item, { ...at, steps: [...steps, i] }));
  if (field.fieldKind === 'map' && isObject(value))
    return Object.fromEntries(
      Object.entries(value).map(([k, v]) => [k, messageOf(message, v, { ...at, steps: [...steps, k] })]),
    );
  return messageOf(message, value, at);
}

function texts(value: Json, at: At): void {
  const { visitor, steps } = at;
  if (visitor.text === undefined) return;
  if (typeof value === 'string') visitor.text(value, steps);
  else if (Array.isArray(value))
    value.forEach((item: Json, i) => {
      texts(item, { ...at, steps: [...steps, i] });
    });
  else if (isObject(value))
    for (const [k, v] of Object.entries(value)) texts(v, { ...at, steps: [...steps, k] });
}
