import { readFileSync } from 'node:fs';
import { canonicalJson } from '@sluice/ir';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { eventSchemas } from './codec.ts';
import { quickCheck } from './quick-check.ts';
import type { StreamName } from './streams.ts';

type Recorded = readonly [stream: StreamName, event: unknown];

interface Line {
  readonly definition?: { readonly name: StreamName };
  readonly subject?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
}

/** Events of every kind, as a real run wrote them. */
function recordedEvents(): Recorded[] {
  const file = new URL('../../../test/fixtures/every-kind.log.jsonl', import.meta.url);
  const found: Recorded[] = [];
  let stream: StreamName = 'FACTS';
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const { definition, subject = '', headers = {}, text = '' } = JSON.parse(line) as Line;
    if (definition !== undefined) stream = definition.name;
    else if (headers['sluice-pack'] !== undefined)
      for (const part of partsOf(text)) found.push([stream, JSON.parse(part)]);
    else if (!subject.startsWith('log.')) found.push([stream, JSON.parse(text)]);
  }
  return found;
}

function partsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  const end = bytes.indexOf('\n');
  let at = end + 1;
  return (JSON.parse(bytes.subarray(0, end).toString()) as { bytes: number }[]).map((part) => {
    at += part.bytes;
    return bytes.subarray(at - part.bytes, at).toString();
  });
}

const recorded = recordedEvents();
const checks = {
  FACTS: quickCheck(eventSchemas.FACTS),
  IR: quickCheck(eventSchemas.IR),
  ACKS: quickCheck(eventSchemas.ACKS),
  STATUS: quickCheck(eventSchemas.STATUS),
  SECRETS: quickCheck(eventSchemas.SECRETS),
};

/** What the schema itself says: taken, and given back as it was. */
function takenAsItIs(schema: z.ZodType, value: unknown): boolean {
  const parsed = schema.safeParse(value);
  return parsed.success && canonicalJson(parsed.data) === canonicalJson(value);
}

/** A copy of a value with one place in it changed; the numbers decide which. */
function spoil(value: unknown, picks: readonly number[], change: Change): unknown {
  const [pick = 0, ...rest] = picks;
  const deeper = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  if (!deeper || rest.length === 0 || pick % 7 === 0) return changed(value, change);
  const names = Object.keys(value);
  const name = names[pick % names.length] ?? '';
  if (Array.isArray(value))
    return value.map((item, i) => (String(i) === name ? spoil(item, rest, change) : (item as unknown)));
  const record = value as Record<string, unknown>;
  if (change.kind === 'drop' && rest.length < 3) {
    const { [name]: _dropped, ...kept } = record;
    return kept;
  }
  return { ...record, [name]: spoil(record[name], rest, change) };
}

type Change =
  | { readonly kind: 'drop' }
  | { readonly kind: 'put'; readonly value: unknown }
  | { readonly kind: 'add'; readonly name: string; readonly value: unknown };

function changed(value: unknown, change: Change): unknown {
  if (change.kind === 'put') return change.value;
  if (change.kind === 'drop') return Array.isArray(value) ? value.slice(1) : undefined;
  if (Array.isArray(value)) return [...(value as unknown[]), change.value];
  return typeof value === 'object' && value !== null
    ? JSON.parse(JSON.stringify({ ...value, [change.name]: change.value }))
    : value;
}

const values = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    '',
    'a',
    'A',
    '*',
    '/',
    'a.b',
    '10.0.0.1',
    'x'.repeat(300),
    '\u0000',
    0,
    1,
    -1,
    70_000,
    1.5,
    null,
  ),
  fc.constantFrom<unknown>([], {}, [''], [{}], 'HTTPRoute', 'Gateway', 'v1', 'Exact', 'True', true, false),
);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.constant({ kind: 'drop' as const }),
  values.map((value) => ({ kind: 'put' as const, value })),
  fc
    .tuple(fc.constantFrom('a', '__proto__', 'toString', 'name', 'port', 'filters', 'sectionName'), values)
    .map(([name, value]) => ({ kind: 'add' as const, name, value })),
);

describe('a quick check', () => {
  test('knows every recorded event, of every kind', () => {
    const kinds = new Set(recorded.map(([stream, event]) => `${stream} ${(event as { type: string }).type}`));
    expect(kinds.size).toBeGreaterThan(15);
    expect(recorded.filter(([stream, event]) => !checks[stream](event))).toEqual([]);
  });

  test('takes nothing that its schema would refuse or change, and misses nothing', () => {
    const picks = fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(fc.constantFrom(...recorded), picks, change, ([stream, event], path, spoilt) => {
        const whole = spoil(event, path, spoilt);
        if (whole === undefined) return;
        // As it comes from the log: a field that is there and undefined cannot be written in JSON.
        const value: unknown = JSON.parse(JSON.stringify(whole));
        expect(checks[stream](value)).toBe(takenAsItIs(eventSchemas[stream], value));
      }),
      { numRuns: 3_000 },
    );
  });

  test('takes a loose object with all its fields', () => {
    const check = quickCheck(z.looseObject({ a: z.string() }));
    expect(check({ a: 'a', b: [1] })).toBe(true);
    expect(check({ b: [1] })).toBe(false);
  });

  test.each<[string, z.ZodType, unknown]>([
    ['a coerced text', z.coerce.string(), 'a'],
    ['an object with rules for all fields', z.object({ a: z.string() }).catchall(z.int()), { a: 'a' }],
    ['a field __proto__', z.looseObject({ a: z.string() }), JSON.parse('{"a":"a","__proto__":{}}')],
    ['a stripping object', z.object({ a: z.string() }), { a: 'a' }],
    ['a union of objects', z.union([z.object({}), z.strictObject({ a: z.string() })]), { a: 'a' }],
    ['a union with a change in it', z.union([z.string().trim(), z.literal(' ')]), ' '],
    ['a date', z.date(), new Date(0)],
    ['a text in capitals', z.string().toUpperCase(), 'a'],
    ['a changing transform', z.string().transform((text) => text.trim()), ' a'],
    ['a number format', z.float32(), 1],
  ])('says nothing of %s', (_, schema, value) => expect(quickCheck(schema)(value)).toBe(false));
});
