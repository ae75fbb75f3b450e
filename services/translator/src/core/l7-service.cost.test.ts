// Cost follows the change where many Services ask for a balancing of each request: runs of transforms are counted.
import { expect, test } from 'vitest';
import {
  builtInClasses,
  controllerNames,
  envoyAck,
  factInput,
  objectFact,
  sameCost,
  syncedFacts,
} from '../scenario.fixture.ts';
import { createTranslator, type FactInput } from './index.ts';

function service(i: number, algorithm: string, labels: Record<string, string> = {}): FactInput {
  const annotations = {
    'service.cilium.io/lb-l7': 'enabled',
    'service.cilium.io/lb-l7-algorithm': algorithm,
  };
  return objectFact({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `s${i}`, annotations, labels },
    spec: { ports: [{ name: 'http', port: 80 }] },
  });
}

function address(i: number, value = `127.80.${i >> 8}.${i & 255}`): FactInput {
  return factInput({
    type: 'AddressAssigned',
    gateway: { group: '', kind: 'Service', namespace: 'default', name: `s${i}` },
    addresses: [value],
    lowPortOffset: 0,
    unusable: [],
  });
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

function world(count: number) {
  const translator = createTranslator({ controllerNames });
  let seq = 1;
  const apply = (facts: readonly FactInput[], acks = [envoyAck('e1')]) => {
    const { ir, status, transforms } = translator.apply({ facts, acks, revision: { epoch: 1, seq: seq++ } });
    return {
      transforms,
      puts: ir.puts.map(({ kind }) => kind),
      removes: ir.removes.map(({ kind }) => kind),
      statuses: status.puts.map(({ ref }) => `${ref.kind} ${ref.name}`),
    };
  };
  const each = Array.from({ length: count }, (_, i) => [
    service(i, 'round_robin'),
    address(i),
    slice(i, '10.0.0.1'),
  ]);
  apply([...builtInClasses(), ...each.flat(), ...syncedFacts()]);
  return apply;
}

test('one change among 100 and among 5,000 such Services costs the same', () => {
  const both = sameCost(world(100), world(5_000));
  expect(both(slice(7, '10.0.0.2'))).toEqual({
    transforms: 1,
    puts: ['endpoint-group'],
    removes: [],
    statuses: [],
  });
  const algorithm = both(service(7, 'least_request'));
  expect(algorithm).toMatchObject({ puts: ['cluster'], removes: [], statuses: ['Service s7'] });
  expect(algorithm.transforms).toBeLessThanOrEqual(14);
  const labels = both(service(8, 'round_robin', { a: 'b' }));
  expect(labels).toMatchObject({ puts: [], removes: [], statuses: [] });
  expect(labels.transforms).toBeLessThanOrEqual(7);
  expect(both(address(9, '127.99.0.1'))).toMatchObject({
    puts: ['gateway', 'listener'],
    statuses: ['Service s9'],
  });
});

test('an Envoy that comes or goes changes one endpoint group, however many Services it serves', () => {
  const envoys = (...addresses: string[]): FactInput =>
    objectFact({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: 'envoy-1',
        namespace: 'sluice-system',
        labels: { 'kubernetes.io/service-name': 'envoy' },
      },
      addressType: 'IPv4',
      ports: [{ name: 'ops', port: 19_001 }],
      endpoints: addresses.map((one) => ({ addresses: [one], nodeName: `node-of-${one}` })),
    });
  const service: FactInput = objectFact({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'envoy', namespace: 'sluice-system' },
    spec: { clusterIP: 'None', ports: [{ name: 'ops', port: 19_001 }] },
  });
  const served = (count: number) => {
    const apply = world(count);
    const each = Array.from({ length: count }, (_, i) => [atEnvoys(i), withAddress(i)]);
    apply([service, envoys('10.244.0.9'), ...each.flat()]);
    return apply;
  };
  const both = sameCost(served(100), served(1_000));
  const group = { transforms: 1, puts: ['endpoint-group'], removes: [], statuses: [] };
  expect(both(envoys('10.244.0.9', '10.244.1.9'))).toEqual(group);
  expect(both(envoys('10.244.1.9'))).toEqual(group);
  expect(both(envoys())).toEqual({ ...group, puts: [], removes: ['endpoint-group'] });
}, 60_000);

function withAddress(i: number): FactInput {
  return objectFact({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `s${i}`, annotations: { 'service.cilium.io/lb-l7': 'enabled' } },
    spec: { clusterIP: clusterIp(i), ports: [{ name: 'http', port: 80 }] },
  });
}

/** Its requests are balanced at a port of the Envoys, which are Pods. */
function atEnvoys(i: number): FactInput {
  return factInput({
    type: 'AddressAssigned',
    gateway: { group: '', kind: 'Service', namespace: 'default', name: `s${i}` },
    addresses: [clusterIp(i)],
    lowPortOffset: 0,
    unusable: [],
    sockets: {
      addresses: ['0.0.0.0'],
      ports: [{ port: 80, transport: 'TCP', bindPort: 10_000 + i }],
      envoys: { namespace: 'sluice-system', service: 'envoy', port: 19_001 },
    },
  });
}

function clusterIp(i: number): string {
  return `10.96.${i >> 8}.${i & 255}`;
}
