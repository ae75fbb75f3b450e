import type { IrL4Service, IrResource } from '@sluice/ir';
import { expect, test } from 'vitest';
import { serviceLines } from '../commands/explain-service-text.ts';
import { frontendsFor, frontendsOf, frontendText, frontendViews, nodeOf, serviceAt } from './datapath.ts';

const service: IrL4Service = {
  kind: 'l4-service',
  key: 'shop/web',
  source: { group: '', kind: 'Service', namespace: 'shop', name: 'web' },
  generation: 1,
  frontends: [
    { address: '0.0.0.0', port: 30_080, protocol: 'TCP', type: 'node-port', endpoints: 'shop/web/80' },
    { address: '10.96.0.1', port: 80, protocol: 'TCP', type: 'cluster', endpoints: 'shop/web/80' },
    { address: '203.0.113.1', port: 80, protocol: 'TCP', type: 'load-balancer', endpoints: 'shop/web/80' },
    { address: 'fd96::1', port: 80, protocol: 'TCP', type: 'cluster', endpoints: 'shop/web/80' },
  ],
  affinityTimeoutS: 60,
  externalPolicy: 'local',
  algorithm: 'maglev',
  sourceRanges: ['198.51.100.0/24'],
};
const resources: IrResource[] = [
  service,
  {
    kind: 'endpoint-group',
    key: 'shop/web-1/80',
    service: 'shop/web/80',
    endpoints: [
      { address: '10.0.0.1', port: 8080, state: 'ready', node: 'n1' },
      { address: '10.0.0.2', port: 8080, state: 'ready', node: 'n2' },
    ],
  },
];
const settings = { zone: '', ipv4: '192.0.2.1', ipv6: '', tableSize: 251 };
const node = nodeOf([
  {
    ...{ type: 'DatapathStateChanged', agent: 'a', node: 'n1', state: 'running', acked: null, fault: '' },
    ...{ settings, mapsHash: '' },
  },
]);
const views = frontendViews(resources, node);
const lines = (address: string, port: number): string[] => {
  const connection = { protocol: 'TCP' as const, address, port };
  return serviceLines({
    revision: { epoch: 1, seq: 7 },
    connection,
    views: frontendsFor(views, connection),
    node: 'n1',
  }).map((line) => line.replace(/ {2,}/, '  '));
};

test('a load balancer address: who may, from where, and one of which', () => {
  expect(lines('203.0.113.1', 80)).toEqual([
    'connection  TCP to 203.0.113.1 port 80',
    'as of  revision 1-7',
    'datapath  node n1',
    '',
    'service  shop/web',
    "frontend  203.0.113.1:80/TCP, a load balancer's address",
    'from inside  one of 10.0.0.1:8080, 10.0.0.2:8080 (random, kept 60 s)',
    'from outside  one of 10.0.0.1:8080 (maglev, kept 60 s); clients of 198.51.100.0/24 alone',
  ]);
});

test('any other address and the node port is every address of a node; another family has endpoints of its own', () => {
  expect(lines('192.0.2.1', 30_080)).toContain('frontend  node port 30080/TCP, at every address of a node');
  expect(lines('fd96::1', 80)).toContain('from inside  refused at once: no endpoint takes connections');
  expect(frontendsFor(views, { protocol: 'UDP', address: '10.96.0.1', port: 80 })).toEqual([]);
  expect(views.map(({ frontend }) => frontendText(frontend))).toContain('[fd96::1]:80/TCP');
});

test('a host port is at the addresses of its own node, whichever node is looked at', () => {
  const place = {
    port: 8088,
    protocol: 'TCP' as const,
    type: 'host-port' as const,
    endpoints: 'Pod/shop/a/8088',
  };
  const pod = (name: string, at: string, address: string): IrL4Service => ({
    ...{ kind: 'l4-service', key: `Pod/shop/${name}`, generation: 0, node: at },
    source: { group: '', kind: 'Pod', namespace: 'shop', name },
    frontends: [{ ...place, address: '0.0.0.0', endpoint: { address, port: 80 } }],
  });
  const state = (name: string, ipv4: string) => ({
    ...{
      type: 'DatapathStateChanged' as const,
      agent: name,
      node: name,
      state: 'running' as const,
      acked: null,
    },
    ...{ fault: '', settings: { ...settings, ipv4 }, mapsHash: '' },
  });
  const pods = [pod('a', 'n1', '10.0.0.7'), pod('b', 'n2', '10.0.1.7')];
  const all = frontendViews(pods, node, [state('n1', '192.0.2.1'), state('n2', '192.0.2.2')]);
  const asked = (address: string) =>
    frontendsFor(all, { protocol: 'TCP', address, port: 8088 }).map(
      ({ service: of, at, from, backends }) => `${of} ${at?.node} ${from} ${backends[0]?.address}`,
    );
  expect(asked('192.0.2.2')).toEqual(['Pod/shop/b n2 inside 10.0.1.7', 'Pod/shop/b n2 outside 10.0.1.7']);
  expect(asked('192.0.2.1')).toHaveLength(2);
  expect([asked('192.0.2.3'), asked('0.0.0.0')]).toEqual([[], []]);
  const connection = { protocol: 'TCP' as const, address: '192.0.2.2', port: 8088 };
  const told = serviceLines({
    ...{ revision: undefined, connection, node: 'n2' },
    views: frontendsFor(all, connection),
  });
  expect(told.join('\n')).toMatch(
    /pod +shop\/b on node n2\nfrontend +host port 8088\/TCP, of a Pod, at its node/,
  );
  const rows = frontendsOf(pods);
  const connected = { protocol: 'TCP', frontend: { address: '192.0.2.2', port: 8088 } };
  expect([
    serviceAt(rows, { ...connected, node: 'n2' }),
    serviceAt(rows, { ...connected, node: 'n3' }),
  ]).toEqual(['Pod/shop/b', undefined]);
});
