import { isOwnCondition } from '@sluice/api-watcher/core';
import { reasons } from '@sluice/translator/core';
import { expect, test } from 'vitest';

test('every condition that the translator may say is known as ours where statuses are written, or it would never be taken off', () => {
  const types = new Set(Object.keys(reasons).map((id) => id.slice(id.indexOf('.') + 1)));
  expect(types.size).toBeGreaterThan(5);
  expect([...types].filter((type) => !isOwnCondition(type))).toEqual([]);
});
