// What Ingresses and what they are converted to give the same answer to any request.
import { isDeepStrictEqual } from 'node:util';
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
        if (isForeign(request, sources) && isDeepStrictEqual(now, { refused: 421 })) continue;
        expect(now, JSON.stringify({ request, objects: result.objects }, null, 1)).toEqual(old);
        if (typeof old === 'object' && old !== null && 'targets' in old) forwarded += 1;
      }
    }),
    { numRuns: 80 },
  );
  expect(forwarded).toBeGreaterThan(80);
}, 120_000);

/**
 * Over a connection for another name, and of a host with more labels before a wildcard than one. A wildcard server of a Gateway
 * stands for these too and asks for a connection of its own (421); to an Ingress it is no host of that wildcard.
 */
function isForeign(
  { host, tls }: { readonly host: string; readonly tls?: { readonly sni?: string } },
  sources: readonly object[],
): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const hosts = (sources as readonly { spec: { tls?: readonly { hosts: readonly string[] }[] } }[]).flatMap(
    ({ spec }) => (spec.tls ?? []).flatMap((entry) => entry.hosts),
  );
  const isDeep = hosts.some(
    (wide) =>
      wide.startsWith('*.') && name.endsWith(wide.slice(1)) && name.slice(0, 1 - wide.length).includes('.'),
  );
  return tls !== undefined && tls.sni !== name && isDeep;
}
