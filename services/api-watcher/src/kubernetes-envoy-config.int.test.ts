// CiliumEnvoyConfigs on a real API server, with the definitions that deploy/ ships: what its schema takes, what api-watcher
// makes of it, and the status that comes back. The test says what the translator would say.
import { readFileSync } from 'node:fs';
import { describeIf, until } from '@sluice/testkit';
import { type Cluster, clusterStartMs, clusterUnavailable, startCluster } from '@sluice/testkit/cluster';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { condition, gatewayClass, namespace, startWorld, type World } from './kubernetes.fixture.ts';

const read = (path: string): never[] =>
  parseAllDocuments(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')).map(
    (document) => document.toJS() as never,
  );
const path = '/apis/cilium.io/v2/namespaces/app-test/ciliumenvoyconfigs';
const ref = {
  group: 'cilium.io',
  kind: 'CiliumEnvoyConfig',
  namespace: 'app-test',
  name: 'envoy-lb-listener',
};

interface Live {
  readonly metadata: { readonly uid: string };
  readonly status?: { readonly conditions?: readonly object[]; readonly addresses?: readonly object[] };
}

describeIf(clusterUnavailable())('CiliumEnvoyConfigs on a real API server', () => {
  let cluster: Cluster;
  let world: World;
  beforeAll(async () => {
    cluster = await startCluster();
    world = await startWorld(cluster);
    await cluster.apply(read('deploy/crds/cilium-envoy-config.yaml'));
    await cluster.apply([gatewayClass, namespace('app-test')] as never);
    // An API server takes no endpoints on loopback, where the example has its own.
    const example = read('examples/envoy-config/weighted.yaml') as { kind: string }[];
    await cluster.apply(example.filter(({ kind }) => kind !== 'EndpointSlice') as never);
    await world.start({
      env: { SLUICE_CONTROLLER_NAMES: 'sluice.dev/gateway-controller,io.cilium/gateway-controller' },
    });
  }, clusterStartMs);
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await cluster?.stop();
  });

  const live = async (): Promise<Live> => (await world.api.json({ path: `${path}/${ref.name}` })) as Live;

  it('are facts, with ports of the nodes for their Services', async () => {
    await until(async () => {
      const facts = await world.facts();
      const services = facts.flatMap((f) => (f.type === 'AddressAssigned' ? [f.gateway.name] : []));
      const object = facts.find((f) => f.type === 'ObjectChanged' && f.object.kind === ref.kind);
      return object !== undefined && services.includes('service-a') && services.includes('service-b');
    });
  });

  it('have a status that is written, and is not taken for a change', async () => {
    const status = {
      addresses: [
        { listener: 'envoy-lb-listener', address: '0.0.0.0', port: 20_001, service: 'app-test/service-a' },
      ],
      conditions: [condition('Accepted', 'True', 'Accepted'), condition('Programmed', 'False', 'Invalid')],
    };
    await world.say([{ type: 'StatusChanged', ref, uid: (await live()).metadata.uid, status }]);
    await until(async () => (await live()).status?.conditions?.length === 2);
    expect((await live()).status).toMatchObject({ addresses: status.addresses });
  });

  it('are refused by the schema where it knows better, and by us where a key stands in them', async () => {
    const object = (name: string, spec: object) => ({
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumEnvoyConfig',
      metadata: { name, namespace: 'app-test' },
      spec,
    });
    await expect(cluster.apply([object('empty', { resources: [] })] as never)).rejects.toThrow();
    await expect(
      cluster.apply([object('untyped', { resources: [{ name: 'x' }] })] as never),
    ).rejects.toThrow();
    const secret = {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
      name: 's',
      tls_certificate: { private_key: { inline_string: 'top-secret' } },
    };
    await cluster.apply([object('leak', { resources: [secret] })] as never);
    await until(async () =>
      (await world.facts()).some((f) => f.type === 'ObjectRefused' && f.ref.name === 'leak'),
    );
    expect(JSON.stringify(await world.facts())).not.toContain('top-secret');
  });
});
