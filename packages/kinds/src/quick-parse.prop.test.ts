import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { kinds } from './kinds.ts';
import { quickParser, undecided } from './quick-parse.ts';
import { type Manifest, rareManifests } from './rare-manifests.fixture.ts';

/** Objects of every kind, as a real run took them. */
function recordedObjects(): Manifest[] {
  const file = new URL('../../../test/fixtures/every-kind.log.jsonl', import.meta.url);
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly text?: string }).text ?? '')
    .filter((text) => text.startsWith('{"object":'))
    .map((text) => (JSON.parse(text) as { readonly object: Manifest }).object);
}

const manifests = [...recordedObjects(), ...rareManifests];
const schemas = new Map(kinds.map(({ kind, schema }) => [String(kind), schema]));
const parsers = new Map(kinds.map(({ kind, schema }) => [String(kind), quickParser(schema)]));

function outputOf(schema: z.ZodType | undefined, value: unknown): unknown {
  const parsed = schema?.safeParse(value);
  return parsed?.success === true ? parsed.data : undecided;
}

const values = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom('', 'a', 'A', '*', '/', '//', 'a.b', '10.0.0.1', 'x'.repeat(300), '\u0000', 0, -1, 1.5),
  fc.constantFrom<unknown>(70_000, null, [], {}, [''], [{}], 'v1', 'Exact', 'HTTPS', 'Mutual', true, false),
  fc.constantFrom('URLRewrite', 'RequestRedirect', 'ReplacePrefixMatch', 'RegularExpression', 'Terminate'),
);
interface Edit {
  readonly at: number;
  readonly how: 'drop' | 'put' | 'add' | 'repeat';
  readonly name: string;
  readonly value: unknown;
}
const edits = fc.array(
  fc.record<Edit>({
    at: fc.nat(),
    how: fc.constantFrom('drop', 'drop', 'put', 'add', 'repeat'),
    name: fc.constantFrom('a', 'toString', 'name', 'port', 'filters', 'sectionName', 'namespace', 'type'),
    value: values,
  }),
  { minLength: 0, maxLength: 6 },
);

type Place = readonly [holder: Record<string, unknown> | unknown[], key: string];

/** Every field and item at any depth, with what holds it. */
function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key): Place[] => [[holder, key], ...placesIn(holder[key])]);
}

/** A copy of a manifest after some edits. */
function edited(manifest: Manifest, changes: readonly Edit[]): Manifest {
  const copy = structuredClone(manifest);
  for (const { at, how, name, value } of changes) {
    const places = placesIn(copy);
    const [holder, key] = places[at % places.length] ?? [copy, 'kind'];
    if (Array.isArray(holder)) {
      if (how === 'drop') holder.splice(Number(key), 1);
      else if (how === 'repeat') holder.push(structuredClone(holder[Number(key)]));
      else holder[Number(key)] = structuredClone(value);
    } else if (how === 'drop') delete holder[key];
    else holder[how === 'put' ? key : name] = structuredClone(value);
  }
  return copy;
}

describe('a quick parser', () => {
  test('knows the schema of every kind', () => {
    const unknown = kinds.filter(({ kind, schema }) => {
      const whole = manifests.filter((manifest) => manifest.kind === kind);
      const parse = quickParser(schema);
      return whole.length === 0 || whole.some((manifest) => parse(manifest) === undecided);
    });
    expect(unknown.map(({ kind }) => kind)).toEqual([]);
  });

  test('gives what the schema gives, and misses nothing that it takes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...manifests), edits, (manifest, changes) => {
        const value = edited(manifest, changes);
        const before = JSON.stringify(value);
        const made = parsers.get(String(manifest.kind))?.(value);
        expect(made).toStrictEqual(outputOf(schemas.get(String(manifest.kind)), value));
        expect(JSON.stringify(value)).toBe(before);
      }),
      { numRuns: 3_000 },
    );
  });

  test('copies nothing that does not change', () => {
    const parse = quickParser(
      z.strictObject({ a: z.strictObject({ b: z.int() }), c: z.string().default('') }),
    );
    const value = { a: { b: 1 } };
    const made = parse(value) as { readonly a: unknown };
    expect(made).toEqual({ a: { b: 1 }, c: '' });
    expect(made.a).toBe(value.a);
    expect(parse(made)).toBe(made);
  });

  test('takes a loose object with all its fields', () => {
    const parse = quickParser(z.looseObject({ a: z.string().default('d') }));
    expect(parse({ a: 'a', b: [1] })).toEqual({ a: 'a', b: [1] });
    expect(parse({ b: [1] })).toEqual({ a: 'd', b: [1] });
    expect(parse({ a: 1, b: [1] })).toBe(undecided);
  });

  test.each<[string, z.ZodType, unknown]>([
    ['a coerced text', z.coerce.string(), 'a'],
    ['an object with rules for all fields', z.object({ a: z.string() }).catchall(z.int()), { a: 'a' }],
    ['a field __proto__', z.looseObject({ a: z.string() }), JSON.parse('{"a":"a","__proto__":{}}')],
    ['an optional field with a default', z.strictObject({ a: z.string().default('').optional() }), {}],
    ['a stripping object', z.object({ a: z.string() }), { a: 'a' }],
    ['a union of objects', z.union([z.object({}), z.strictObject({ a: z.string() })]), { a: 'a' }],
    ['a union with a change in it', z.union([z.string().trim(), z.literal(' ')]), ' '],
    ['a date', z.date(), new Date(0)],
    ['a text in capitals', z.string().toUpperCase(), 'a'],
    [
      'a transform that makes nothing',
      z.strictObject({ a: z.string().transform(() => undefined) }),
      { a: '' },
    ],
    ['a transform into another schema', z.string().pipe(z.string()), 'a'],
    ['a number format', z.float32(), 1],
  ])('says nothing of %s', (_, schema, value) => expect(quickParser(schema)(value)).toBe(undecided));
});
