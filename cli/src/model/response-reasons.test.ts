import { expect, test } from 'vitest';
import { explainDetails, explainFlags } from './response-reasons.ts';

test.each([
  ['-', []],
  [null, []],
  ['URX,UF', ['URX: all retries were used up', 'UF: no connection to the backend could be made']],
  ['constructor,XX', ['constructor', 'XX']],
])('flags %s', (flags, expected) => {
  expect(explainFlags(flags)).toEqual(expected);
});

test.each([
  ['via_upstream', 'the backend answered (via_upstream)'],
  [
    'upstream_reset_before_response_started{remote_connection_failure|x}',
    'the connection to the backend ended before it answered (upstream_reset_before_response_started{remote_connection_failure|x})',
  ],
  ['toString', 'toString'],
  ['-', undefined],
  [null, undefined],
])('details %s', (details, expected) => {
  expect(explainDetails(details)).toBe(expected);
});
