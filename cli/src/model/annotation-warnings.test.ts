import { validateFiles } from '@sluice/api-watcher/core';
import { expect, test } from 'vitest';
import { annotationWarnings } from './annotation-warnings.ts';

function warnings(annotations: Record<string, string>): string[] {
  const content = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', annotations },
    spec: { ports: [{ port: 80 }] },
  });
  const { objects, faults } = validateFiles([{ file: 'a.yaml', content }]);
  expect(faults).toEqual([]);
  return annotationWarnings(objects).map(({ path, message, hint }) => `${path}: ${message} (${hint})`);
}

test.each([
  [{ 'service.cilium.io/lb-l7': 'enabled', 'service.cilium.io/lb-l7-algorithm': 'random' }, []],
  [{ 'service.cilium.io/type': 'LoadBalancer', 'example.com/lb-l7': 'what' }, []],
  [
    { 'service.cilium.io/lb-l7': 'true' },
    [
      'metadata.annotations["service.cilium.io/lb-l7"]: "true" is not known, so it counts as not said (did you mean "enabled"? known are enabled, disabled)',
    ],
  ],
  [
    { 'service.sluice.io/lb-l7': 'enabled', 'service.sluice.io/lb-l7-algoritm': 'random' },
    [
      'metadata.annotations["service.sluice.io/lb-l7-algoritm"]: is not known (did you mean service.sluice.io/lb-l7-algorithm?)',
    ],
  ],
  [
    { 'service.cilium.io/lb-l7-algorithm': 'random' },
    [
      'metadata.annotations["service.cilium.io/lb-l7-algorithm"]: has no effect by itself (add service.cilium.io/lb-l7: enabled)',
    ],
  ],
])('%j', (annotations, expected) => {
  expect(warnings(annotations as Record<string, string>)).toEqual(expected);
});
