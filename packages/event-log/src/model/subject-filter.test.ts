import { expect, it } from 'vitest';
import { subjectMatcher } from './subject-filter.ts';

it.each([
  ['a.b', 'a.b', true],
  ['a.b', 'a.b.c', false],
  ['a.*', 'a.b', true],
  ['a.*', 'a', false],
  ['a.*.c', 'a.b.c', true],
  ['a.>', 'a.b.c', true],
  ['a.>', 'a', false],
  ['>', 'a', true],
  ['a.>', 'ab.c', false],
])('%s takes in %s: %s', (filter, subject, taken) => {
  expect(subjectMatcher([filter])(subject)).toBe(taken);
});

it('takes in all without a filter, and nothing with none', () => {
  expect(subjectMatcher(undefined)('a')).toBe(true);
  expect(subjectMatcher([])('a')).toBe(false);
});
