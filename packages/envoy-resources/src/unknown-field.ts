// The mend for a field that a message does not have: a slip of the pen, a field of a message around it or inside it, or one
// of another message altogether.
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { closest, formatPath } from '@sluice/kinds';
import { envoyTypes } from './registry.ts';

/** A message on the way from the resource to the field. */
export interface Level {
  readonly desc: DescMessage;
  /** Path of the message. */
  readonly steps: readonly (string | number)[];
}

/** The field of a message by either of its names. */
export function fieldOf(desc: DescMessage, name: string): DescField | undefined {
  return desc.fields.find((field) => field.name === name || field.jsonName === name);
}

/** What to do about the unknown field `name` in the last of `levels`. The empty string where nothing near is known. */
export function mendUnknown(levels: readonly Level[], name: string): string {
  const here = levels.at(-1);
  if (here === undefined) return '';
  const names = here.desc.fields.map((field) => field.name);
  const near = closest(name, names);
  if (near !== undefined) return `did you mean ${near}?`;
  const around = levels.slice(0, -1).findLast(({ desc }) => fieldOf(desc, name) !== undefined);
  if (around !== undefined) return outward(levels, around, name);
  const inside = here.desc.fields.find(
    (f) => f.message !== undefined && fieldOf(f.message, name) !== undefined,
  );
  if (inside !== undefined)
    return `${name} is a field of ${inside.name}: move it under ${formatPath([...here.steps, inside.name])}`;
  return elsewhere(name) ?? `known fields here: ${shortened(names)}`;
}

/** The field belongs to a message around: it stands some levels too deep. */
function outward(levels: readonly Level[], { steps }: Level, name: string): string {
  const next = levels[levels.findIndex((l) => l.steps === steps) + 1];
  const neighbour = next?.steps[steps.length];
  const target = formatPath([...steps, name]);
  return neighbour === undefined
    ? `move it to ${target}`
    : `${name} belongs beside ${String(neighbour)}: move it to ${target}`;
}

const owners = new Map<string, { readonly type: string; readonly field: DescField }[]>();

/** Fields of this name in messages of Envoy's configuration, those of the shortest names first. */
function ownersOf(name: string): readonly { readonly type: string; readonly field: DescField }[] {
  if (owners.size === 0)
    for (const type of envoyTypes())
      if (type.kind === 'message' && /^envoy\.(config|extensions)\./.test(type.typeName))
        for (const field of type.fields)
          owners.set(field.name, [...(owners.get(field.name) ?? []), { type: type.typeName, field }]);
  return (owners.get(name) ?? []).toSorted(
    (a, b) => rank(a.type) - rank(b.type) || a.type.length - b.type.length,
  );
}

/** The field where only one message of Envoy's configuration has such a one: what stands in it can be judged anyway. */
export function soleOwner(name: string): DescField | undefined {
  const [first, ...others] = ownersOf(name);
  return others.length === 0 ? first?.field : undefined;
}

function elsewhere(name: string): string | undefined {
  const found = ownersOf(name).map(({ type }) => type);
  if (found.length === 0 || found.length > 8) return undefined;
  return `${name} is a field of ${found.slice(0, 3).join(', ')}`;
}

function rank(typeName: string): number {
  return /^envoy\.config\.(listener|route|cluster|endpoint|core)\./.test(typeName) ? 0 : 1;
}

function shortened(names: readonly string[]): string {
  const rest = names.length - 20;
  return rest > 0 ? `${names.slice(0, 20).join(', ')} and ${rest} more` : names.join(', ');
}
