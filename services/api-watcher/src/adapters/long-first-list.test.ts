// A first list that is read piece by piece: what is on the log in the end is what one list of the whole would bring.
import { rmSync, writeFileSync } from 'node:fs';
import { createMemoryLog, type MemoryLog } from '@sluice/event-log';
import type { Fact } from '@sluice/events';
import { formatObjectRef } from '@sluice/ir';
import { objectRefOf } from '@sluice/kinds';
import { type TempDir, tempDir } from '@sluice/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { factsOn, manifestOf, startWatcher } from './watcher.fixture.ts';

const routes = 1_100;
let dir: TempDir;
let log: MemoryLog;

function routeOf(name: string, path = '/'): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  rules:
    - matches:
        - path: {type: PathPrefix, value: ${path}}
`;
}

beforeEach(() => {
  dir = tempDir();
  log = createMemoryLog();
  for (let i = 0; i < routes; i++) writeFileSync(dir.file(`r${i}.yaml`), routeOf(`r${i}`));
  // Listed last.
  writeFileSync(dir.file('s.yaml'), manifestOf('last', 1));
  writeFileSync(dir.file('t.yaml'), routeOf('r0', '/twice'));
});
afterEach(() => dir[Symbol.dispose]());

/** What was written from the `from`th fact on, once the list is complete. */
async function listedFrom(from: number): Promise<Fact[]> {
  await using watcher = await startWatcher({ log, dir: dir.path });
  await watcher.listed;
  return (await factsOn(log)).slice(from);
}

const named = (facts: readonly Fact[]): string[] =>
  facts.map((fact) =>
    fact.type === 'ObjectChanged' ? formatObjectRef(objectRefOf(fact.object)) : fact.type,
  );

test('routes go to the log while others are read, after what they refer to; each object once, and the marks of the list last', async () => {
  const facts = await listedFrom(0);
  const all = named(facts);
  const ofRoutes = all.filter((name) => name.startsWith('HTTPRoute'));
  expect(ofRoutes).toHaveLength(routes);
  expect(new Set(ofRoutes).size).toBe(routes);
  // The Namespace that they are in is for the whole list to tell: pieces came before it.
  expect(all.indexOf('Namespace/shop')).toBeGreaterThan(500);
  const firstRoute = all.findIndex((name) => name.startsWith('HTTPRoute'));
  const referred = ['Service/default/last', 'GatewayClass/sluice', 'IngressClass/cilium'];
  for (const name of referred) expect(all.slice(0, firstRoute)).toContain(name);
  expect(all.filter((name) => referred.includes(name))).toHaveLength(referred.length);
  expect(all.filter((name) => name === 'ObjectRefused')).toHaveLength(1);
  expect(all.slice(all.indexOf('KindSynced')).every((name) => name === 'KindSynced')).toBe(true);
});

test('a list on a log that holds one is told as a whole, and only what differs', async () => {
  const before = await listedFrom(0);
  rmSync(dir.file('r1.yaml'));
  writeFileSync(dir.file('r2.yaml'), routeOf('r2', '/changed'));
  const facts = await listedFrom(before.length);
  expect(facts.map((fact) => fact.type)).toEqual(['ObjectChanged', 'ObjectDeleted']);
  expect(facts[0]).toMatchObject({ object: { metadata: { name: 'r2', generation: 2 } } });
});
