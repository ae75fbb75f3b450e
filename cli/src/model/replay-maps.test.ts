import { DesiredMaps } from '@sluice/bpf-agent/core';
import type { IrResource } from '@sluice/ir';
import { expect, test } from 'vitest';
import { compareMaps } from './replay-maps.ts';
import type { DatapathState } from './world.ts';

const settings = { zone: 'a', ipv4: '192.0.2.1', ipv6: '', tableSize: 251 };
const revision = { epoch: 1, seq: 7 };
const ir: IrResource[] = [
  {
    kind: 'l4-service',
    key: 'shop/web',
    source: { group: '', kind: 'Service', namespace: 'shop', name: 'web' },
    generation: 1,
    frontends: [
      { address: '10.96.0.1', port: 80, protocol: 'TCP', type: 'cluster', endpoints: 'shop/web/80' },
    ],
    internalPolicy: 'local',
  },
  {
    kind: 'endpoint-group',
    key: 'shop/web-1/80',
    service: 'shop/web/80',
    endpoints: [{ address: '10.0.0.1', port: 8080, state: 'ready', node: 'n1' }],
  },
];

function hashOf(name: string): string {
  const maps = new DesiredMaps({ ...settings, tableSize: 251, name });
  maps.apply(ir.map((resource) => ({ kind: resource.kind, key: resource.key, resource })));
  return maps.hash;
}

function state(node: string, of: Partial<DatapathState>): DatapathState {
  return {
    ...{ type: 'DatapathStateChanged', agent: `bpf-agent-${node}`, node, state: 'running', acked: revision },
    ...{ fault: '', settings, mapsHash: hashOf(node) },
    ...of,
  };
}

test('the maps of each node are computed from the IR and held against what its agent said', () => {
  const states = [
    state('n2', {}),
    state('n1', {}),
    state('n3', { mapsHash: hashOf('n1') }),
    state('n4', { acked: { epoch: 1, seq: 6 } }),
    state('n5', { acked: null }),
  ];
  const found = compareMaps(states, { ir, revision });
  expect(found.map(({ node, result, revision: at }) => [node, result, at])).toEqual([
    ['n1', 'same', '1-7'],
    ['n2', 'same', '1-7'],
    ['n3', 'differs', '1-7'],
    ['n4', 'unknown', '1-6'],
    ['n5', 'unknown', ''],
  ]);
  // The endpoint is of n1 alone, so the maps of the two differ.
  expect(found[0]?.computedHash).not.toBe(found[1]?.computedHash);
});
