import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leadingSegments } from './regex-segments.ts';

test.each([
  ['/a/b', ['a', 'b']],
  ['/a/', ['a', '']],
  ['/', ['']],
  ['/a/b.*', ['a']],
  ['/a/[0-9]+', ['a']],
  ['/a/b/[0-9]+', ['a', 'b']],
  ['/a/{0}b', []],
  ['/a/b?', ['a']],
  ['/a/?', []],
  ['/a/b/?', ['a']],
  ['/a*/b', []],
  ['/a|/b', []],
  ['/(a|b)/c', []],
  ['(?i)/A/B', []],
  ['/a\\.b/c', ['a.b', 'c']],
  ['/a\\.v1\\.B/[^/]+', ['a.v1.B']],
  ['/a\\.*/b', []],
  ['.*', []],
  ['', []],
])('%s always begins with %j', (regex, expected) => {
  expect(leadingSegments(regex)).toEqual(expected);
});

test('whatever an expression matches begins with its segments', () => {
  const part = fc.constantFrom('/', 'a', 'b', '.', '*', '+', '?', '(', ')', '|', '[ab]', '{0}', '{2}', '\\.');
  const subject = fc
    .array(fc.constantFrom('/', 'a', 'b', '.'), { maxLength: 6 })
    .map((c) => `/${c.join('')}`);
  fc.assert(
    fc.property(fc.array(part, { maxLength: 7 }), fc.array(subject, { minLength: 20 }), (parts, paths) => {
      const regex = `/${parts.join('')}`;
      let compiled: RegExp;
      try {
        // By itself first: a bracket too many would close the group around it.
        new RegExp(regex);
        compiled = new RegExp(`^(?:${regex})$`);
      } catch {
        return;
      }
      const segments = leadingSegments(regex);
      for (const path of paths.filter((each) => compiled.test(each)))
        expect(path.slice(1).split('/').slice(0, segments.length)).toEqual(segments);
    }),
    { numRuns: 2_000 },
  );
});
