import { expect, test } from 'vitest';
import { expand } from './expand.ts';

const variables = new Map([
  ['A', 'one'],
  ['B_2', '$(A)'],
]);

test.each([
  ['$(A)/$(B_2)', 'one/$(A)'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$one'],
  ['$(NONE) $A $', '$(NONE) $A $'],
])('%s', (text, expanded) => {
  expect(expand(text, variables)).toBe(expanded);
});
