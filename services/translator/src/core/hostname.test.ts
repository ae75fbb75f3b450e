import { describe, expect, test } from 'vitest';
import { covers, intersect, intersectAll } from './hostname.ts';

describe('covers', () => {
  test.each([
    ['*', 'a.example.com'],
    ['*', '*.example.com'],
    ['a.example.com', 'a.example.com'],
    ['*.example.com', 'a.example.com'],
    ['*.example.com', 'a.b.example.com'],
    ['*.example.com', '*.b.example.com'],
    ['*.example.com', '*.example.com'],
  ])('%s covers %s', (wide, narrow) => expect(covers(wide, narrow)).toBe(true));

  test.each([
    ['*.example.com', 'example.com'],
    ['*.example.com', 'a.example.org'],
    ['*.example.com', 'anexample.com'],
    ['*.b.example.com', '*.example.com'],
    ['a.example.com', '*.example.com'],
    ['a.example.com', '*'],
  ])('%s does not cover %s', (wide, narrow) => expect(covers(wide, narrow)).toBe(false));
});

test.each([
  ['*', '*', '*'],
  ['*.example.com', '*.a.example.com', '*.a.example.com'],
  ['a.example.com', '*.example.com', 'a.example.com'],
  ['a.example.com', 'b.example.com', undefined],
])('%s and %s have %s in common', (a, b, both) => {
  expect(intersect(a, b)).toBe(both);
  expect(intersect(b, a)).toBe(both);
});

test('a route without hostnames takes the one of the listener', () => {
  expect(intersectAll('*.example.com', [])).toEqual(['*.example.com']);
  expect(intersectAll('*', [])).toEqual(['*']);
});

test('what a listener serves of a route is sorted, lower case and without repetition', () => {
  expect(
    intersectAll('*.example.com', ['B.example.com', 'a.example.com', 'b.example.com', 'example.org']),
  ).toEqual(['a.example.com', 'b.example.com']);
});
