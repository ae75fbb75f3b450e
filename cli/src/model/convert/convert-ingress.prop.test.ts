// What Ingresses and what they are converted to give the same answer to any request.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answering, answerOf, converted, ingresses, requests, surroundings } from './convert.fixture.ts';

test('an Ingress and its converted manifests give the same answer to any request', () => {
  let forwarded = 0;
  fc.assert(
    fc.property(ingresses, fc.array(requests, { minLength: 20, maxLength: 20 }), (sources, asked) => {
      const before = answering([...surroundings, ...sources]);
      const result = converted([...surroundings, ...sources]);
      const after = answering([...surroundings, ...result.objects]);
      const [from, to] = [before, after].map(({ addresses }) => [...addresses.values()][0] ?? '');
      for (const request of asked) {
        const [old, now] = [
          answerOf(before, { ...request, address: from ?? '' }),
          answerOf(after, { ...request, address: to ?? '' }),
        ];
        expect(now, JSON.stringify({ request, objects: result.objects }, null, 1)).toEqual(old);
        if (typeof old === 'object' && old !== null && 'targets' in old) forwarded += 1;
      }
    }),
    { numRuns: 80 },
  );
  expect(forwarded).toBeGreaterThan(80);
}, 120_000);
