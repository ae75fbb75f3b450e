// Cost follows the change where there are many CiliumEnvoyConfigs: runs of transforms are counted. And an object as large as
// the API server takes one.
import { expect, test } from 'vitest';
import {
  builtInClasses,
  controllerNames,
  envoyAck,
  factInput,
  objectFact,
  sameCost,
  syncedFacts,
} from '../../scenario.fixture.ts';
import { createTranslator, type FactInput } from '../index.ts';

const typed = (type: string, fields: object) => ({ '@type': `type.googleapis.com/${type}`, ...fields });
const manager = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';

function config(i: number, weight: number, routes: object[] = []): FactInput {
  const clusters = [`default/s${i}`];
  const http = {
    name: 'h',
    typed_config: typed(manager, { stat_prefix: 's', rds: { route_config_name: 'r' } }),
  };
  return objectFact({
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumEnvoyConfig',
    metadata: { name: `c${i}` },
    spec: {
      services: [{ name: `s${i}` }],
      resources: [
        typed('envoy.config.listener.v3.Listener', { name: 'l', filter_chains: [{ filters: [http] }] }),
        typed('envoy.config.route.v3.RouteConfiguration', {
          name: 'r',
          virtual_hosts: [
            {
              name: 'v',
              domains: ['*'],
              routes: [
                ...routes,
                {
                  match: { prefix: '/' },
                  route: { weighted_clusters: { clusters: clusters.map((name) => ({ name, weight })) } },
                },
              ],
            },
          ],
        }),
        ...clusters.map((name) => typed('envoy.config.cluster.v3.Cluster', { name, type: 'EDS' })),
      ],
    },
  });
}

const service = (i: number): FactInput =>
  objectFact({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `s${i}` },
    spec: { ports: [{ port: 80 }] },
  });

const address = (i: number): FactInput =>
  factInput({
    type: 'AddressAssigned',
    gateway: { group: '', kind: 'Service', namespace: 'default', name: `s${i}` },
    addresses: [`127.80.${i >> 8}.${i & 255}`],
    lowPortOffset: 0,
    unusable: [],
  });

const slice = (i: number, endpoint: string): FactInput =>
  objectFact({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `s${i}-1`, labels: { 'kubernetes.io/service-name': `s${i}` } },
    addressType: 'IPv4',
    ports: [{ port: 8080 }],
    endpoints: [{ addresses: [endpoint] }],
  });

function world(count: number) {
  const translator = createTranslator({ controllerNames });
  let seq = 1;
  const apply = (facts: readonly FactInput[]) => {
    const { ir, status, transforms } = translator.apply({
      facts,
      acks: [envoyAck('e1')],
      revision: { epoch: 1, seq: seq++ },
    });
    return {
      transforms,
      puts: ir.puts.map(({ kind, key }) => `${kind} ${key}`),
      removes: ir.removes.length,
      statuses: status.puts.map(({ ref }) => ref.name),
    };
  };
  const each = Array.from({ length: count }, (_, i) => [
    config(i, 1),
    service(i),
    address(i),
    slice(i, '10.0.0.1'),
  ]);
  apply([...builtInClasses(), ...each.flat(), ...syncedFacts()]);
  return apply;
}

test('one change among 50 and among 500 CiliumEnvoyConfigs costs the same', () => {
  const both = sameCost(world(50), world(500));
  const weight = both(config(7, 2));
  expect(weight).toMatchObject({ puts: ['raw-resource route/cec:default/c7/r'], removes: 0, statuses: [] });
  expect(weight.transforms).toBeLessThanOrEqual(12);
  expect(both(slice(7, '10.0.0.2'))).toEqual({
    transforms: 1,
    puts: ['endpoint-group default/s7-1/80'],
    removes: 0,
    statuses: [],
  });
});

test('an object of 1.4 MiB is translated, and of it what changes alone is written', () => {
  const apply = world(5);
  const route = (i: number) => ({
    match: { path: `/page/${i}/${'x'.repeat(100)}` },
    direct_response: { status: 200, body: { inline_string: `page ${i}` } },
  });
  const routes = Array.from({ length: 7_500 }, (_, i) => route(i));
  const large = config(3, 1, routes);
  expect(JSON.stringify(large).length).toBeGreaterThan(1.4 * 1024 * 1024);
  expect(apply([large]).puts).toEqual(['raw-resource route/cec:default/c3/r']);
  expect(apply([config(3, 1)]).puts).toEqual(['raw-resource route/cec:default/c3/r']);
});
