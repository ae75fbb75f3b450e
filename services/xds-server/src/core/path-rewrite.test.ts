import { expect, test } from 'vitest';
import { type PathChange, pathChange } from './path-rewrite.ts';

/** What Envoy does with a change of a path that the prefix has matched. */
function apply(change: PathChange, prefix: string, path: string): string {
  if (change.type === 'prefix') return change.prefixRewrite + path.slice(prefix.length);
  const { pattern, substitution } = change.regexRewrite;
  // RE2 writes a backslash in a substitution as two.
  return path.replace(new RegExp(pattern?.regex ?? '', 'g'), () => substitution.replaceAll('\\\\', '\\'));
}

// The table of Gateway API v1.7.0, HTTPPathModifier.replacePrefixMatch, with its traps.
test.each([
  ['/foo', '/xyz', '/foo/bar', '/xyz/bar'],
  ['/foo', '/xyz/', '/foo/bar', '/xyz/bar'],
  ['/foo', '/xyz', '/foo', '/xyz'],
  ['/foo', '/xyz', '/foo/', '/xyz/'],
  ['/foo', '', '/foo/bar', '/bar'],
  ['/foo', '', '/foo/', '/'],
  ['/foo', '', '/foo', '/'],
  ['/foo', '/', '/foo/', '/'],
  ['/foo', '/', '/foo', '/'],
  ['/foo', '/', '/foo/bar', '/bar'],
  ['/', '/xyz', '/bar', '/xyz/bar'],
  ['/', '/xyz/', '/bar', '/xyz/bar'],
  ['/', '/', '/bar', '/bar'],
  ['/a.b(c)+[d]\\e', '/', '/a.b(c)+[d]\\e/bar', '/bar'],
])('prefix %s → %s: %s becomes %s', (prefix, value, path, expected) => {
  const change = pathChange({ type: 'prefix', value }, { type: 'prefix', value: prefix });
  expect(apply(change, prefix, path)).toBe(expected);
});

test.each([['/x'], ['/x\\1\\\\y'], ['/$&']])('a full path %s is literal', (value) => {
  const change = pathChange({ type: 'full', value }, { type: 'regex', value: '/.*' });
  expect(apply(change, '', '/any/path')).toBe(value);
});
