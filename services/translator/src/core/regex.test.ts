import { expect, test } from 'vitest';
import { joinableFault, regexFault } from './regex.ts';

test.each(['a+b', '/users/[0-9]+', '(?i)tea', '\\p{Greek}+', '', 'a{1000}'])(
  '%j can be served',
  (pattern) => {
    expect(regexFault(pattern)).toBeUndefined();
  },
);

test.each([
  ['(', /not RE2 syntax.*missing closing/],
  ['(?=look)', /not RE2 syntax/],
  ['\\1', /not RE2 syntax/],
  ['a{1001}', /not RE2 syntax.*repeat count/],
  ['(?:[a-z]{900}){1}'.repeat(6), /more than 5000/],
])('%j cannot: %s', (pattern, why) => {
  expect(regexFault(pattern)).toMatch(why);
});

test.each(['a\\Qb.c\\Ed', '\\\\Q', 'a|b', '[\\]]', '\\Qa\\\\E'])('%j can stand between others', (pattern) => {
  expect(joinableFault(pattern)).toBeUndefined();
});

test.each([
  ['a\\Qb', /without/],
  ['\\Qa\\Eb\\Q', /without/],
  ['a)(b', /not RE2 syntax/],
  ['a\\', /not RE2 syntax/],
])('%j cannot stand between others: %s', (pattern, why) => {
  expect(joinableFault(pattern)).toMatch(why);
});
