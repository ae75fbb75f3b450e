import type { IrL4Service, IrResource } from '@sluice/ir';
import { expect, test } from 'vitest';
import { serviceLines } from '../commands/explain-service-text.ts';
import { frontendsFor, frontendText, frontendViews, nodeOf } from './datapath.ts';

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
