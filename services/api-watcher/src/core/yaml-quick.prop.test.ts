import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readSlowly, readYaml } from './yaml-document.ts';
import { readQuickly } from './yaml-quick.ts';

const manifest = `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, namespace: default}
spec:
  parentRefs:
  - name: edge # of all
    sectionName: http
  hostnames: ["*.example.com", shop.example]
  rules:
    - matches:
        - path: {type: PathPrefix, value: /cart}
      backendRefs:
        - name: cart
          port: 8080
          weight: 3
`;
const seeds = [
  'a: b\nc:\n  - d: e\n    f: g\n  - h\n',
  'a:\n- b\n- c:\n    d: e\nf: 1\n',
  '---\n# note\n\nx: "1"\ny: \'2\'\nz: [a, b]\n',
  manifest,
];

/** Pieces that change what a text means. */
const pieces = fc.constantFrom(
  ...[
    '- ',
    '- - ',
    ': ',
    ' ',
    '\n',
    '\n\n',
    '  ',
    '#',
    ' #',
    '"',
    "'",
    '\\n',
    '\t',
    '\r',
    '\r\n',
    '\u2028',
    '\uFEFF',
  ],
  ...[
    '{}',
    '[]',
    '{a: b}',
    '[a, b]',
    '[1, 0x2]',
    '{a: 1}',
    '""',
    "''",
    '{',
    ']',
    ',',
    '=',
    '%',
    '@',
    '`',
    '|',
    '>',
  ],
  ...[
    '0x1f',
    '0o17',
    '017',
    '1e3',
    '1e400',
    '.5',
    '5.',
    '1.e5',
    '+1',
    '-1',
    '-0',
    '-',
    '.inf',
    '-.INF',
    '.NaN',
    '00',
  ],
  ...[
    '9007199254740993',
    '99999999999999999999',
    '0xfffffffffffffffff',
    '0.1e-7',
    '0b1',
    '1_000',
    '12:30:45',
  ],
  ...['~', 'null', 'NULL', 'yes', 'on', 'True', 'FALSE', '2001-01-01', '2001-01-01T00:00:00Z', 'é', '😀'],
  ...[
    '---',
    '...',
    '\n---\n',
    '\n...\n',
    '? ',
    '&a ',
    '*a',
    '!t ',
    '!!str 1',
    '<<: ',
    '<<: {a: b}\n',
    '__proto__: {}\n',
  ],
  ...[
    '1: 2\n',
    '"1": 2\n',
    'null: a\n',
    'true: a\n',
    '"a b": c\n',
    'a: c\n',
    '\n  - b\n',
    '\n- x: y\n',
    '  c: d\n',
    'key:\n',
  ],
);

/** A text of a seed after some cuts, insertions and other indentations. */
const texts = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.array(
      fc.record({
        at: fc.nat(),
        cut: fc.nat({ max: 3 }),
        piece: fc.option(pieces),
        indent: fc.option(fc.nat({ max: 6 })),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  )
  .map(([seed, changes]) => changes.reduce(changed, seed));

function changed(
  text: string,
  of: {
    readonly at: number;
    readonly cut: number;
    readonly piece: string | null;
    readonly indent: number | null;
  },
): string {
  if (of.indent !== null) {
    const lines = text.split('\n');
    const i = of.at % lines.length;
    lines[i] = `${' '.repeat(of.indent)}${(lines[i] ?? '').trimStart()}`;
    return lines.join('\n');
  }
  const at = of.at % (text.length + 1);
  return `${text.slice(0, at)}${of.piece ?? ''}${text.slice(at + (of.piece === null ? of.cut : 0))}`;
}

/** A line that is ordinary by itself, wherever it stands. */
const lines = fc
  .record({
    indent: fc.constantFrom(0, 0, 2, 2, 2, 4, 4, 6, 1),
    dashes: fc.constantFrom('', '', '', '- ', '- ', '- - ', '-   '),
    key: fc.constantFrom('a: ', 'b: ', 'c:', 'c:', '"1": ', "'d':  ", ''),
    value: fc.constantFrom(
      '',
      '',
      'x',
      '0',
      '-0',
      '1.50',
      '"y"',
      '[]',
      '[1, "2"]',
      '{a: b}',
      'null',
      '# z',
      '-',
    ),
  })
  .map(({ indent, dashes, key, value }) => `${' '.repeat(indent)}${dashes}${key}${value}`);

/** What a reading says, with the place of the document. */
function said(text: string, read: typeof readYaml) {
  const reading = read(text);
  return reading.ok
    ? reading.values.map(({ value, placeOf }) => ({ value, place: placeOf([]) }))
    : reading.faults;
}

describe('the quick reading of a document is that of the slow one', () => {
  test('for texts that were edited at random', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(said(text, readYaml)).toStrictEqual(said(text, readSlowly));
      }),
      { numRuns: 2_000 },
    );
  });

  test('for ordinary lines at random columns', () => {
    fc.assert(
      fc.property(fc.array(lines, { minLength: 1, maxLength: 12 }), (list) => {
        const text = ['a:', ...list].join('\n');
        expect(said(text, readYaml)).toStrictEqual(said(text, readSlowly));
      }),
      { numRuns: 2_000 },
    );
  });

  test('for random objects, down to the place of a field', () => {
    const entries = fc.dictionary(fc.stringMatching(/^[a-z][a-z.-]{0,8}$/), fc.jsonValue({ maxDepth: 4 }), {
      minKeys: 1,
    });
    fc.assert(
      fc.property(entries, (object) => {
        const text = stringify(object);
        expect(said(text, readYaml)).toStrictEqual(said(text, readSlowly));
        const places = [readYaml, readSlowly].map((read) => {
          const reading = read(text);
          return reading.ok ? reading.values[0]?.placeOf(Object.keys(object).slice(-1)) : reading;
        });
        expect(places[0]).toStrictEqual(places[1]);
      }),
      { numRuns: 500 },
    );
  });
});

test.each(seeds)('an ordinary manifest is read quickly', (text) => {
  expect(readQuickly(text)).toBeDefined();
});

test.each([
  'a: &x 1\n',
  'a: *x\n',
  'a: !!str 1\n',
  '<<: {a: b}\n',
  'a: |\n  b\n',
  'a: "b\n  c"\n',
  'a: b\n  c\n',
  'a: 1e400\n',
  '\uFEFFa: b\n',
  'a:\tb\n',
  'a: b\r\n',
  'a: 1\na: 2\n',
  'null: a\n',
  'a: b\n---\nc: d\n',
  '__proto__: {}\n',
])('%j is left to the slow reading', (text) => {
  expect(readQuickly(text)).toBeUndefined();
});

describe('lines that come again', () => {
  test('have lists and objects of their own in each text', () => {
    const [first, second] = [readQuickly(manifest)?.value, readQuickly(manifest)?.value];
    const within = (value: unknown): unknown[] =>
      typeof value === 'object' && value !== null ? [value, ...Object.values(value).flatMap(within)] : [];
    const known = new Set(within(first));
    expect(known.size).toBeGreaterThan(5);
    expect(within(second).filter((value) => known.has(value))).toEqual([]);
  });

  test('are read alike after many others, and with another end', () => {
    const before = readQuickly(manifest);
    for (let i = 0; i < 1_000; i++)
      expect(readQuickly(`a${i}: b${i}\nkind: HTTPRoute`)?.value).toEqual({
        [`a${i}`]: `b${i}`,
        kind: 'HTTPRoute',
      });
    expect(readQuickly(manifest)).toEqual(before);
  });
});
