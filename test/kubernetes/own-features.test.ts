import { featuresWithFields } from '@sluice/api-watcher/core';
import { supportedFeatures } from '@sluice/translator/core';
import { expect, test } from 'vitest';

test('every feature that is claimed only where the CRDs have its field is one that is implemented', () => {
  const known = new Set<string>(supportedFeatures);
  expect(featuresWithFields.size).toBeGreaterThan(5);
  expect([...featuresWithFields].filter((feature) => !known.has(feature))).toEqual([]);
});
