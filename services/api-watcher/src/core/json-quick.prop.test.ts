import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readJsonQuickly } from './json-quick.ts';
import { readSlowly, readYaml } from './yaml-document.ts';

/** What a reading says, with the places of the document and of its first field. */
function said(text: string, read: typeof readYaml) {
  const reading = read(text);
  return reading.ok
    ? reading.values.map(({ value, placeOf }) => ({
        value,
        places: [placeOf([]), placeOf(Object.keys(value as object).slice(0, 1))],
      }))
    : reading.faults;
}

const key = fc.oneof(
  fc.stringMatching(/^[a-z][a-zA-Z./-]{0,8}$/),
  fc.constantFrom('', ' ', '1', 'null', '<<', '__proto__', 'a: b', '#', "'", '"', '\\', '~', 'é', '\u2028'),
);
const leaf = fc.oneof(
  fc.string(),
  fc.constantFrom('yes', '": ', '" :', 'a"', '\n', '\t', '\u0085', '😀', '- a', '# b', '{', '&x', '*x', '!t'),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(-0, 1e21, 1e-7, 0.1, 9007199254740992, null, true, false),
);
const { object } = fc.letrec<{ object: Record<string, unknown>; any: unknown }>((tie) => ({
  object: fc.dictionary(key, tie('any'), { maxKeys: 4 }),
  any: fc.oneof({ maxDepth: 3 }, leaf, tie('object'), fc.array(tie('any'), { maxLength: 3 })),
}));

test('JSON is read as YAML is, however it is laid out', () => {
  fc.assert(
    fc.property(object, fc.constantFrom(0, 1, 2, 8, '\t'), (value, space) => {
      const text = JSON.stringify(value, undefined, space);
      expect(said(text, readYaml)).toStrictEqual(said(text, readSlowly));
    }),
    { numRuns: 1_000 },
  );
});

test('a text that was edited at random is read as YAML is', () => {
  const pieces = fc.constantFrom(
    ...['"', ':', ',', '{', '}', '[', ']', '\n', ' ', '"a": 1,', '"a":', '\\', '\\u0041', '---', '#', ' # '],
    ...['01', '1.', '.5', '+1', '0x1f', 'NaN', 'a', "'", '\t', '\r', '? ', '&a ', '*a', '\uFEFF', '\n---\n'],
  );
  const edits = fc.array(fc.record({ at: fc.nat(), cut: fc.nat({ max: 3 }), piece: pieces }), {
    minLength: 1,
    maxLength: 3,
  });
  fc.assert(
    fc.property(object, fc.constantFrom(0, 2), edits, (value, space, changes) => {
      const text = changes.reduce(
        (before, { at, cut, piece }) => {
          const from = at % (before.length + 1);
          return before.slice(0, from) + piece + before.slice(from + cut);
        },
        JSON.stringify(value, undefined, space),
      );
      expect(said(text, readYaml)).toStrictEqual(said(text, readSlowly));
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  '{}',
  '{"a": {"b": [1, "c", null, true]}}',
  '{\n  "kind": "HTTPRoute",\n  "a/b.c": "\\"x\\" \\\\ \\n"\n}\n',
])('%j is read as JSON', (text) => {
  expect(readJsonQuickly(text)).toEqual({ value: JSON.parse(text), line: 1 });
});

test.each([
  '[]',
  ' {}',
  '{"a": 1, "a": 2}',
  '{"a": {"b": 1, "b": 2}}',
  '{"a"\n: 1}',
  '{"a": "b\\": c"}',
  '{"a": 1e400}',
  '{"<<": {"a": 1}}',
  '{"a": "\\u0041"}',
  '{"a": {"\\\\": 1}}',
  '{"a": 1, "b\\"c": 1}',
  '{\t"a": 1}',
  '{a: 1}',
])('%j is left to the reading of YAML', (text) => {
  expect(readJsonQuickly(text)).toBeUndefined();
});
