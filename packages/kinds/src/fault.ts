// zod issues to faults that a user understands: which field, what is wrong, what to do.
import type { z } from 'zod';
import { schemaAt, shapeOf } from './fields.ts';
import { closest, formatPath, mendUnknownField } from './nearest.ts';

/** One fault of an object. No part of it ever holds a value of the object. */
export interface ObjectFault {
  /** As `spec.rules[0].backendRefs`; the empty string for the whole object. */
  readonly path: string;
  /** The same as steps, to find the place in the source. */
  readonly steps: readonly (string | number)[];
  readonly message: string;
  /** What to do about it; the empty string where the message says it all. */
  readonly hint: string;
}

/** More faults of one object than these are only counted. */
export const maxFaults = 20;

/** Makes a fault. */
export function fault(steps: readonly PropertyKey[], message: string, hint = ''): ObjectFault {
  return {
    path: formatPath(steps),
    steps: steps.map((s) => (typeof s === 'number' ? s : String(s))),
    message,
    hint,
  };
}

/** Translates the issues of `input`, which `schema` refused; at most `maxFaults`, in the order of the schema. */
export function faultsOf(
  schema: z.core.$ZodType,
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
): ObjectFault[] {
  const moves = new Set<string>();
  const translated = issues.flatMap((issue) => translate({ schema, issue, input }, moves));
  const all = translated.filter((f) => f.message !== required || !moves.has(f.path));
  if (all.length <= maxFaults) return all;
  return [
    ...all.slice(0, maxFaults - 1),
    fault([], `and ${all.length - maxFaults + 1} more faults`, 'mend these first'),
  ];
}

const required = 'is required';

/** `moves` takes the paths to which misplaced fields belong: they are missing there only until they are moved. */
function translate(
  { schema, issue, input }: { schema: z.core.$ZodType; issue: z.core.$ZodIssue; input: unknown },
  moves: Set<string>,
): ObjectFault[] {
  const { path } = issue;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const { hint, place } = mendUnknownField(schema, path, key);
        if (place !== undefined) moves.add(place);
        return fault([...path, key], 'unknown field', hint);
      });
    case 'invalid_type':
      return [wrongType(schema, path, { expected: issue.expected, value: valueAt(input, path) })];
    case 'invalid_value':
      return [notOneOf(path, issue.values.map(String), valueAt(input, path))];
    case 'invalid_union':
      return [wrongVariant(schema, issue, input)];
    case 'invalid_key':
      return [fault(path, issue.issues[0]?.message ?? 'invalid name')];
    case 'custom':
      return [fault(path, issue.message, typeof issue.params?.hint === 'string' ? issue.params.hint : '')];
    default:
      return [fault(path, lowerFirst(issue.message))];
  }
}

function wrongVariant(
  schema: z.core.$ZodType,
  issue: z.core.$ZodIssueInvalidUnion,
  input: unknown,
): ObjectFault {
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
  const value = valueAt(input, issue.path);
  if (options.length > 0) return notOneOf(issue.path, options, value);
  return fault(
    issue.path,
    value === undefined ? required : lowerFirst(issue.message),
    shapeOf(schemaAt(schema, issue.path) ?? schema),
  );
}

function notOneOf(path: readonly PropertyKey[], options: readonly string[], value: unknown): ObjectFault {
  if (value === undefined) return fault(path, required, `one of ${options.join(', ')}`);
  const near = typeof value === 'string' ? closest(value, options) : undefined;
  const must = options.length === 1 ? `must be ${options[0]}` : `must be one of ${options.join(', ')}`;
  return fault(path, must, near === undefined ? '' : `did you mean ${near}?`);
}

const names: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function wrongType(
  schema: z.core.$ZodType,
  path: readonly PropertyKey[],
  { expected, value }: { expected: string; value: unknown },
): ObjectFault {
  const shape = shapeOf(schemaAt(schema, path) ?? schema);
  if (value === undefined) return fault(path, required, shape === '' ? '' : `add ${shape}`);
  const wanted = names[expected] ?? expected;
  const hint =
    expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')
      ? 'put it in quotes'
      : (expected === 'int' || expected === 'number') && typeof value === 'string' && /^\d+$/.test(value)
        ? 'remove the quotes'
        : shape === ''
          ? ''
          : `write ${shape}`;
  return fault(path, `must be ${wanted}, not ${typeName(value)}`, hint);
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : 'a fraction';
  return names[typeof value] ?? typeof value;
}

/** The value at a path; undefined where there is none. */
export function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let at = input;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[step];
  }
  return at;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
