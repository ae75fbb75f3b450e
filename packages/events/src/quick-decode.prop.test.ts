import { readFileSync } from 'node:fs';
import { canonicalJson } from '@sluice/ir';
import { quickParser, undecided } from '@sluice/kinds';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { eventSchemas } from './codec.ts';
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
const parsers = {
  FACTS: quickParser(eventSchemas.FACTS),
  IR: quickParser(eventSchemas.IR),
  ACKS: quickParser(eventSchemas.ACKS),
  STATUS: quickParser(eventSchemas.STATUS),
  SECRETS: quickParser(eventSchemas.SECRETS),
};

/** What the schema itself says of a value: its output in canonical form; undefined where it refuses. */
function outputOf(schema: z.ZodType, value: unknown): string | undefined {
  const parsed = schema.safeParse(value);
  return parsed.success ? canonicalJson(parsed.data) : undefined;
}

function quickOutputOf(stream: StreamName, value: unknown): string | undefined {
  const made = parsers[stream](value);
  return made === undecided ? undefined : canonicalJson(made);
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

describe('the quick decoding of events', () => {
  test('leaves every recorded event as it is, of every kind', () => {
    const kinds = new Set(recorded.map(([stream, event]) => `${stream} ${(event as { type: string }).type}`));
    expect(kinds.size).toBeGreaterThan(15);
    expect(recorded.filter(([stream, event]) => parsers[stream](event) !== event)).toEqual([]);
  });

  test('takes nothing that its schema would refuse, and misses nothing', () => {
    const picks = fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(fc.constantFrom(...recorded), picks, change, ([stream, event], path, spoilt) => {
        const whole = spoil(event, path, spoilt);
        if (whole === undefined) return;
        // As it comes from the log: a field that is there and undefined cannot be written in JSON.
        const text = JSON.stringify(whole);
        const value: unknown = JSON.parse(text);
        const made = quickOutputOf(stream, value);
        // What zod leaves out of an object without a word is its own business.
        if (made !== undefined || !text.includes('"__proto__"'))
          expect(made).toBe(outputOf(eventSchemas[stream], value));
      }),
      { numRuns: 3_000 },
    );
  });
});
