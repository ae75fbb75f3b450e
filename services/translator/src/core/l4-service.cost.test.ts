// Cost follows the change where many Services have addresses of their own: runs of transforms are counted.
import { expect, test } from 'vitest';
import { builtInClasses, controllerNames, objectFact, sameCost, syncedFacts } from '../scenario.fixture.ts';
import { createTranslator, type FactInput } from './index.ts';

function service(i: number, spec: object = {}, metadata: object = {}): FactInput {
  return objectFact({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `s${i}`, ...metadata },
    spec: { clusterIP: addressOf(i), ports: [{ name: 'http', port: 80 }], ...spec },
  });
}

function addressOf(i: number): string {
  return `10.96.${i >> 8}.${i & 255}`;
}

function slice(i: number, endpoint: string): FactInput {
  return objectFact({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `s${i}-1`, labels: { 'kubernetes.io/service-name': `s${i}` } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: [{ addresses: [endpoint] }],
  });
}

/** A world with `count` Services, which have addresses or have none. */
function world(count: number, spec: object = {}) {
  const translator = createTranslator({ controllerNames });
  let seq = 1;
  const apply = (facts: readonly FactInput[]) => {
    const { ir, status, transforms } = translator.apply({ facts, revision: { epoch: 1, seq: seq++ } });
    return {
      transforms,
      puts: ir.puts.map(({ kind, key }) => `${kind} ${key}`),
      removes: ir.removes.map(({ kind, key }) => `${kind} ${key}`),
      statuses: status.puts.map(({ ref }) => `${ref.kind} ${ref.name}`),
    };
  };
  const each = Array.from({ length: count }, (_, i) => [service(i, spec), slice(i, '10.0.0.1')]);
  apply([...builtInClasses(), ...each.flat(), ...syncedFacts()]);
  return apply;
}

test('one change among 100 and among 10,000 Services costs the same', () => {
  const both = sameCost(world(100), world(10_000));
  const endpoint = both(slice(7, '10.0.0.2'));
  expect(endpoint).toEqual({
    transforms: 1,
    puts: ['endpoint-group default/s7-1/80'],
    removes: [],
    statuses: [],
  });
  const labels = both(service(8, {}, { labels: { a: 'b' } }));
  expect(labels).toMatchObject({ puts: [], removes: [], statuses: [] });
  expect(labels.transforms).toBeLessThanOrEqual(6);
  const affinity = both(service(8, { sessionAffinity: 'ClientIP' }));
  expect(affinity).toMatchObject({ puts: ['l4-service default/s8'], removes: [], statuses: [] });
  expect(affinity.transforms).toBeLessThanOrEqual(10);
  const added = both(service(20_000, { clusterIP: '10.200.0.1' }));
  expect(added).toMatchObject({ puts: ['l4-service default/s20000'], removes: [], statuses: [] });
  expect(added.transforms).toBeLessThanOrEqual(12);
  const taken = both(service(20_000, { clusterIP: addressOf(3) }));
  expect(taken).toMatchObject({
    puts: ['l4-service default/s20000'],
    removes: ['endpoint-group default/s3-1/80', 'l4-service default/s3'],
    statuses: ['Service s3'],
  });
  expect(taken.transforms).toBeLessThanOrEqual(20);
}, 60_000);

test('Services without an address give the datapath nothing', () => {
  const apply = world(100, { clusterIP: 'None' });
  expect(apply([slice(7, '10.0.0.2')])).toEqual({ transforms: 1, puts: [], removes: [], statuses: [] });
  const labels = apply([service(8, { clusterIP: 'None' }, { labels: { a: 'b' } })]);
  expect(labels).toMatchObject({ puts: [], removes: [], statuses: [] });
  expect(labels.transforms).toBeLessThanOrEqual(6);
});
