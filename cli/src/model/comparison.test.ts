import type { IrL4Service, IrResource } from '@sluice/ir';
import { irIdOf } from '@sluice/ir';
import { expect, test } from 'vitest';
import { compareSnapshots } from './comparison.ts';
import { nodeOf } from './datapath.ts';
import type { Snapshot } from './snapshot.ts';
import { World } from './world.ts';

const service: IrL4Service = {
  kind: 'l4-service',
  key: 'shop/web',
  source: { group: '', kind: 'Service', namespace: 'shop', name: 'web' },
  generation: 1,
  frontends: [{ address: '10.96.0.1', port: 80, protocol: 'TCP', type: 'cluster', endpoints: 'shop/web/80' }],
};
const endpoints = (...addresses: string[]): IrResource => ({
  kind: 'endpoint-group',
  key: 'shop/web-1/80',
  service: 'shop/web/80',
  endpoints: addresses.map((address) => ({ address, port: 8080, state: 'ready' })),
});

function snapshot(...resources: readonly IrResource[]): Snapshot {
  const world = new World();
  for (const resource of resources)
    world.ir.set(irIdOf(resource), { resource, revision: { epoch: 1, seq: 1 } });
  return { label: '', revision: undefined, factsSeq: 0, world };
}

const datapath = (before: Snapshot, after: Snapshot) =>
  compareSnapshots(before, after, { layout: undefined, node: nodeOf([]) }).datapath;

test('an endpoint that comes changes each place of its Service, in words', () => {
  const found = datapath(
    snapshot(service, endpoints('10.0.0.1')),
    snapshot(service, endpoints('10.0.0.1', '10.0.0.2')),
  );
  expect(found.map(({ id, change }) => [change, id])).toEqual([
    ['changed', '10.96.0.1:80/TCP from inside'],
    ['changed', '10.96.0.1:80/TCP from outside'],
  ]);
  const backend = (address: string) => ({ address, port: 8080, local: false, draining: false });
  expect(found[0]?.after).toMatchObject({
    service: 'shop/web',
    type: 'cluster',
    backends: [backend('10.0.0.1'), backend('10.0.0.2')],
  });
});

test('a Service that comes is added, and what stays the same is no difference', () => {
  const found = datapath(snapshot(), snapshot(service));
  expect(found.map(({ change }) => change)).toEqual(['added', 'added']);
  expect(datapath(snapshot(service), snapshot(service))).toEqual([]);
});
