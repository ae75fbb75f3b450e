import type { IrResource } from '@sluice/ir';
import { irIdOf } from '@sluice/ir';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  attached,
  cluster,
  endpoints,
  forward,
  l4Route,
  listener,
  prefix,
  route,
  rule,
  server,
} from '../testing/ir.ts';
import { XdsCompiler } from './compiler.ts';
import { defaultListenerSettings } from './http-connection-manager.ts';
import { type RouteLayoutName, routeLayoutNames, routeLayouts } from './route-layouts.ts';
import { xdsKinds } from './type-urls.ts';
import type { XdsChange } from './xds-resource.ts';

const service = fc.constantFrom('a', 'b', 'c');
const listenerKey = fc.constantFrom('shop/edge/80', 'shop/edge/81');
const hostname = fc.constantFrom('*', '*.example', 'a.example', 'b.a.example');

const resource: fc.Arbitrary<IrResource> = fc.oneof(
  fc
    .record({
      key: listenerKey,
      hosts: fc.uniqueArray(hostname, { minLength: 1 }),
      protocol: fc.constantFrom(
        'HTTP' as const,
        'HTTPS' as const,
        'TLS' as const,
        'TCP' as const,
        'UDP' as const,
      ),
      through: fc.integer({ min: 0, max: 4 }),
    })
    .map(({ key, hosts, protocol, through }) =>
      listener(80, {
        key,
        protocol,
        servers: hosts.map((host, n) =>
          server(host, {
            name: `s${n}`,
            certificates: protocol === 'HTTPS' && n < through ? ['shop/c'] : [],
            ...(protocol === 'TLS' || (protocol === 'HTTPS' && n >= through) ? { passthrough: true } : {}),
          }),
        ),
      }),
    ),
  fc
    .record({ name: service, ms: fc.integer({ min: 1, max: 3 }) })
    .map(({ name, ms }) => cluster(name, { connectTimeoutMs: ms })),
  fc
    .record({ name: service, ports: fc.uniqueArray(fc.integer({ min: 1, max: 4 })) })
    .map(({ name, ports }) => endpoints(name, ports)),
  fc
    .record({
      name: fc.constantFrom('r', 's', 't'),
      to: service,
      path: fc.constantFrom('/', '/x'),
      hosts: fc.uniqueArray(hostname, { minLength: 1 }),
      key: listenerKey,
      on: fc.constantFrom('s0', 's1'),
    })
    .map(({ name, to, path, hosts, key, on }) =>
      route(
        name,
        [rule(forward(to), { matches: [prefix(path)] })],
        attached(hosts, { listener: key, server: on }),
      ),
    ),
);

const l4Resource: fc.Arbitrary<IrResource> = fc
  .record({
    name: fc.constantFrom('r', 's', 't'),
    protocol: fc.constantFrom('TLS' as const, 'TCP' as const, 'UDP' as const),
    to: fc.array(fc.constantFrom('a', 'b', { service: null, weight: 2 }), { maxLength: 3 }),
    createdAt: fc.constantFrom('', '2026-01-01T00:00:00Z'),
    hosts: fc.uniqueArray(hostname, { minLength: 1 }),
    key: listenerKey,
    on: fc.constantFrom('s0', 's1'),
  })
  .map(({ name, protocol, to, createdAt, hosts, key, on }) =>
    l4Route(name, to, { protocol, createdAt, ...attached(hosts, { listener: key, server: on }) }),
  );

const newCompiler = (layout: RouteLayoutName) =>
  new XdsCompiler({
    layout: routeLayouts[layout],
    settings: defaultListenerSettings,
    findKeyPair: () => undefined,
  });
const versions = (compiler: XdsCompiler) =>
  xdsKinds.map((kind) =>
    [...compiler.resources(kind).values()].map(({ name, version }) => `${kind} ${name} ${version}`).sort(),
  );

test.each(routeLayoutNames)(
  '%s: whatever changes led to an IR, its resources are those of a compilation from nothing, and the changes told add up to them',
  (layout) => {
    const any = fc.oneof({ arbitrary: resource, weight: 3 }, { arbitrary: l4Resource, weight: 1 });
    const batch = fc.array(fc.record({ resource: any, remove: fc.boolean() }), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 12 }), (batches) => {
        const incremental = newCompiler(layout);
        const ir = new Map<string, IrResource>();
        const told = new Map<string, string>();
        for (const changes of batches) {
          for (const { resource: each, remove } of changes) {
            if (remove) ir.delete(irIdOf(each));
            else ir.set(irIdOf(each), each);
          }
          const made = incremental.apply(
            changes.map(({ resource: each, remove }) => ({
              kind: each.kind,
              key: each.key,
              revision: { epoch: 1, seq: 1 },
              ...(remove ? {} : { resource: each }),
            })),
          );
          for (const { kind, name, resource: now } of made) {
            if (now === undefined) told.delete(`${kind} ${name}`);
            else told.set(`${kind} ${name}`, now.version);
          }
        }
        const scratch = newCompiler(layout);
        scratch.apply(
          [...ir.values()].map((each) => ({
            kind: each.kind,
            key: each.key,
            resource: each,
            revision: { epoch: 1, seq: 1 },
          })),
        );
        expect(versions(incremental)).toEqual(versions(scratch));
        expect([...told].map(([id, version]) => `${id} ${version}`).sort()).toEqual(
          versions(scratch).flat().sort(),
        );
      }),
      { numRuns: 200 },
    );
  },
);

const told = (changes: readonly XdsChange[]) =>
  changes.map(({ kind, name, resource: now }) => `${kind} ${name} ${now?.version ?? 'gone'}`).sort();

test.each(routeLayoutNames)('%s: changes that are taken back leave the resources as they were', (layout) => {
  const any = fc.oneof({ arbitrary: resource, weight: 3 }, { arbitrary: l4Resource, weight: 1 });
  const changes = fc
    .uniqueArray(fc.record({ resource: any, remove: fc.boolean() }), {
      maxLength: 4,
      selector: ({ resource: each }) => irIdOf(each),
    })
    .map((list) =>
      list.map(({ resource: each, remove }) => ({
        kind: each.kind,
        key: each.key,
        revision: { epoch: 1, seq: 1 },
        ...(remove ? {} : { resource: each }),
      })),
    );
  fc.assert(
    fc.property(fc.array(fc.tuple(changes, changes), { maxLength: 8 }), (steps) => {
      const [plain, ahead] = [newCompiler(layout), newCompiler(layout)];
      for (const [early, certain] of steps) {
        ahead.applyAhead(early)?.undo();
        expect(told(ahead.apply(certain))).toEqual(told(plain.apply(certain)));
        expect(versions(ahead)).toEqual(versions(plain));
      }
    }),
    { numRuns: 200 },
  );
});
