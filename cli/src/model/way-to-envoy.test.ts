import { type IrL4Frontend, type IrResource, irListenerSchema } from '@sluice/ir';
import { expect, test } from 'vitest';
import { nodeOf } from './datapath.ts';
import { wayToEnvoy } from './way-to-envoy.ts';

const at = (address: string) => ({ address, port: 80 });
const place: IrL4Frontend = {
  ...{ ...at('10.96.0.1'), protocol: 'TCP', type: 'cluster', endpoints: 'shop/web/80' },
  proxy: { dataPlanes: 'sluice-system/envoy/19001', port: 20_080 },
};
const settings = { zone: '', ipv4: '192.0.2.1', ipv6: '', tableSize: 251 };
const node = nodeOf([
  {
    ...{ type: 'DatapathStateChanged', agent: 'a', node: 'n1', state: 'running', acked: null, fault: '' },
    ...{ settings, mapsHash: '' },
  },
]);

function world(envoys: readonly { address: string; node: string }[]): IrResource[] {
  return [
    {
      ...{ kind: 'l4-service', key: 'shop/web', generation: 1 },
      source: { group: '', kind: 'Service', namespace: 'shop', name: 'web' },
      frontends: [place, { ...place, ...at('203.0.113.1'), type: 'external' }],
    },
    irListenerSchema.parse({
      ...{ kind: 'listener', key: 'service:shop/web/80', gateway: 'service:shop/web', protocol: 'HTTP' },
      ...{ addresses: ['10.96.0.1'], port: 80, bindPort: 80 },
      socket: { addresses: ['0.0.0.0'], port: 20_080 },
      servers: [{ name: 'web', hostname: '*', certificates: [] }],
    }),
    {
      ...{ kind: 'endpoint-group', key: 'envoys', service: 'sluice-system/envoy/19001' },
      endpoints: envoys.map((envoy) => ({ ...envoy, port: 19_001, state: 'ready' })),
    },
  ];
}

test('to the Envoy of the node; by each address of the Service it is the same listener', () => {
  const resources = world([
    { address: '10.244.0.9', node: 'n1' },
    { address: '10.244.1.9', node: 'n2' },
  ]);
  for (const address of ['10.96.0.1', '203.0.113.1'])
    expect(wayToEnvoy(resources, node, at(address))).toEqual({
      service: 'shop/web',
      frontend: at(address),
      socket: { address: '10.244.0.9', port: 20_080 },
      local: true,
      listener: at('10.96.0.1'),
    });
});

test('to that of another node where the node has none, and past all where there is none', () => {
  const others = world([{ address: '10.244.1.9', node: 'n2' }]);
  expect(wayToEnvoy(others, node, at('10.96.0.1'))).toMatchObject({
    socket: { address: '10.244.1.9', port: 20_080 },
    local: false,
  });
  expect(wayToEnvoy(world([]), node, at('10.96.0.1'))).toBeUndefined();
});
