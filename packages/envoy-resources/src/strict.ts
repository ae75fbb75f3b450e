// JSON held against a message type, every fault at once: unknown fields with the nearest known one, wrong types by their
// paths, alternatives that exclude each other. What has no fault here is read by the library, which is stricter still.
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { closest, fault, type ObjectFault } from '@sluice/kinds';
import { isObject } from './json.ts';
import { envoyTypes, typeOf, typePrefix } from './registry.ts';
import { type Complaint, durationComplaint, enumComplaint, scalarComplaint } from './scalars.ts';
import { fieldOf, type Level, mendUnknown, soleOwner } from './unknown-field.ts';

/** Messages inside of one another, at most. */
const maxDepth = 64;

type Steps = readonly (string | number)[];

/** The faults of `value` as a message of this type; paths begin with `steps`. */
export function strictFaults(desc: DescMessage, value: unknown, steps: Steps): ObjectFault[] {
  const reader = new StrictReader();
  reader.message(desc, value, { steps, levels: [] });
  return reader.faults;
}

/** The faults of a field that only one message of Envoy's configuration has, wherever it stands. */
export function fieldFaults(name: string, value: unknown, steps: Steps): ObjectFault[] {
  const reader = new StrictReader();
  const owner = soleOwner(name);
  if (owner !== undefined) reader.field(owner, value, { steps, levels: [] });
  return reader.faults;
}

interface Place {
  readonly steps: Steps;
  readonly levels: readonly Level[];
}

class StrictReader {
  readonly faults: ObjectFault[] = [];

  message(desc: DescMessage, value: unknown, place: Place): void {
    if (place.levels.length > maxDepth) {
      this.#add(place.steps, 'is nested too deeply');
      return;
    }
    const special = wellKnown(desc);
    if (special !== undefined) {
      special(this, value, place);
      return;
    }
    if (!isObject(value)) {
      this.#add(place.steps, 'must be an object', fieldsHint(desc));
      return;
    }
    this.fields(desc, Object.entries(value), place);
  }

  /** Judges the fields of an object. */
  fields(
    desc: DescMessage,
    entries: readonly (readonly [string, unknown])[],
    { steps, levels }: Place,
  ): void {
    const inside = { levels: [...levels, { desc, steps }] };
    const seen = new Map<string, string>();
    for (const [name, value] of entries) {
      const at = [...steps, name];
      const field = fieldOf(desc, name);
      if (field === undefined) {
        this.#add(at, 'unknown field', mendUnknown(inside.levels, name));
        const owner = soleOwner(name);
        if (owner !== undefined) this.field(owner, value, { levels: [], steps: at });
        continue;
      }
      const slot = field.oneof?.name ?? field.name;
      const before = seen.get(slot);
      if (before === undefined) seen.set(slot, name);
      else this.#add(at, `must not stand beside ${before}`, 'remove one of the two');
      this.field(field, value, { ...inside, steps: at });
    }
  }

  /** Judges a message with its type in `@type`. */
  any(value: unknown, { steps, levels }: Place): void {
    if (!isObject(value)) {
      this.#add(steps, 'must be an object', 'with its type in "@type"');
      return;
    }
    const typeUrl = value['@type'];
    const desc = typeOf(typeUrl);
    if (desc === undefined) {
      const [message, hint] = unknownType(typeUrl);
      this.#add([...steps, '@type'], message, hint);
      return;
    }
    const rest = Object.entries(value).filter(([name]) => name !== '@type');
    if (wellKnown(desc) === undefined) this.fields(desc, rest, { steps, levels });
  }

  judge(complaint: Complaint, steps: Steps): void {
    if (complaint !== undefined) this.#add(steps, complaint.message, complaint.hint);
  }

  /** Judges the value of a field. */
  field(field: DescField, value: unknown, place: Place): void {
    if (field.fieldKind === 'list') {
      if (!Array.isArray(value)) {
        this.#add(place.steps, 'must be a list', 'begin each item with "- "');
        return;
      }
      for (const [i, item] of value.entries())
        this.#single(field, item, { ...place, steps: [...place.steps, i] });
    } else if (field.fieldKind === 'map') {
      if (!isObject(value)) {
        this.#add(place.steps, 'must be an object');
        return;
      }
      for (const [key, item] of Object.entries(value))
        this.#single(field, item, { ...place, steps: [...place.steps, key] });
    } else this.#single(field, value, place);
  }

  #single(field: DescField, value: unknown, place: Place): void {
    if (field.message !== undefined) this.message(field.message, value, place);
    else if (field.enum !== undefined) this.judge(enumComplaint(field.enum, value), place.steps);
    else if (field.scalar !== undefined) this.judge(scalarComplaint(field.scalar, value), place.steps);
  }

  #add(steps: Steps, message: string, hint = ''): void {
    this.faults.push(fault(steps, message, hint));
  }
}

type Special = (reader: StrictReader, value: unknown, place: Place) => void;

const object: Special = (reader, value, { steps }) =>
  reader.judge(isObject(value) ? undefined : { message: 'must be an object', hint: '' }, steps);

const specials: Readonly<Record<string, Special>> = {
  'google.protobuf.Any': (reader, value, place) => reader.any(value, place),
  'google.protobuf.Duration': (reader, value, { steps }) => reader.judge(durationComplaint(value), steps),
  'google.protobuf.Timestamp': (reader, value, { steps }) =>
    reader.judge(
      typeof value === 'string' && !Number.isNaN(Date.parse(value))
        ? undefined
        : { message: 'must be a time such as 2026-01-31T12:00:00Z', hint: '' },
      steps,
    ),
  'google.protobuf.Struct': object,
  'google.protobuf.Value': () => undefined,
  'google.protobuf.ListValue': () => undefined,
};

/** Messages whose JSON is no object of their fields. */
function wellKnown(desc: DescMessage): Special | undefined {
  if (Object.hasOwn(specials, desc.typeName)) return specials[desc.typeName];
  if (!/^google\.protobuf\.\w+Value$/.test(desc.typeName)) return undefined;
  const scalar = desc.fields[0]?.scalar;
  if (scalar === undefined) return undefined;
  return (reader, value, { steps }) => reader.judge(scalarComplaint(scalar, value), steps);
}

function fieldsHint({ fields }: DescMessage): string {
  return fields.length === 0
    ? ''
    : `with ${fields
        .slice(0, 12)
        .map(({ name }) => name)
        .join(', ')}`;
}

/** What is wrong with an `@type`. */
export function unknownType(typeUrl: unknown): readonly [message: string, hint: string] {
  if (typeUrl === undefined)
    return ['is required', `for instance ${typePrefix}envoy.config.listener.v3.Listener`];
  if (typeof typeUrl !== 'string') return ['must be text', ''];
  const name = typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
  if (!typeUrl.startsWith(typePrefix) && envoyTypes().getMessage(name) !== undefined)
    return [`must begin with ${typePrefix}`, `write ${typePrefix}${name}`];
  if (name.startsWith('cilium.'))
    return ["is a type of Cilium's own Envoy", 'remove what has it: its filters are not in this Envoy'];
  const names = [...envoyTypes()].flatMap((t) => (t.kind === 'message' ? [t.typeName] : []));
  const near = closest(name, names) ?? names.find((known) => known.endsWith(`.${name.split('.').at(-1)}`));
  return ['is no type that is known here', near === undefined ? '' : `did you mean ${typePrefix}${near}?`];
}
