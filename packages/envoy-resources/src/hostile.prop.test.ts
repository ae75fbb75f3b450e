// Resources of anybody: reading never throws, and what is served never leaves its object.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cluster, config, listener, routes, typed } from './config.fixture.ts';
import { crossCheck } from './cross-check.ts';
import type { Json } from './json.ts';
import { readEnvoyConfig, resourceFaults, scopeOf } from './read-config.ts';
import { envoyTypes, typeOf } from './registry.ts';
import { resourceTypes } from './resource-types.ts';
import { nameFields, referenceFields } from './scope.ts';
import { walk } from './walk.ts';

const nasty = fc.constantFrom(
  ...[
    'sluice-admin',
    'sluice-xds',
    'cec:other/object/x',
    'shop/web/80',
    '../x',
    '',
    '__proto__',
    'constructor',
  ],
  ...['%ENVIRONMENT(X)%', '`id`', "'; drop", '"}', 'xdstp://a/b', 'a/b/c'],
);
const text = fc.oneof({ weight: 3, arbitrary: nasty }, fc.string({ maxLength: 10, unit: 'binary' }));
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(text, tie('value'), { maxKeys: 3 }),
  ),
})).value;

const fieldNames = [...envoyTypes()].flatMap((t) =>
  t.kind === 'message' && t.typeName.startsWith('envoy.config.') ? t.fields.map(({ name }) => name) : [],
);
const typeNames = [...envoyTypes()].flatMap((t) => (t.kind === 'message' ? [t.typeName] : []));

/** Names of known fields over anything. */
const messy = fc
  .tuple(
    fc.oneof(fc.constantFrom(...Object.values(resourceTypes)), fc.constantFrom(...typeNames), text),
    fc.dictionary(fc.constantFrom(...fieldNames), json, { maxKeys: 6 }),
  )
  .map(([type, fields]) => typed(type, fields));

const action = fc.oneof(
  text.map((name) => ({ route: { cluster: name } })),
  text.map((name) => ({ route: { weighted_clusters: { clusters: [{ name, weight: 1 }] } } })),
  text.map((name) => ({ route: { cluster: 'a', request_mirror_policies: [{ cluster: name }] } })),
);
/** Resources that hold to their types, with names that would like to be those of others. */
const wellFormed = fc.oneof(
  fc.tuple(text, action).map(([name, does]) => routes(name, does)),
  fc.tuple(text, text).map(([name, table]) => listener(name, { rds: { route_config_name: table } })),
  fc.tuple(text, text).map(([name, service_name]) => cluster(name, { eds_cluster_config: { service_name } })),
  fc.tuple(text, text).map(([name, to]) =>
    typed('envoy.config.listener.v3.Listener', {
      name,
      filter_chains: [
        {
          filters: [
            {
              name: 'tcp',
              typed_config: typed('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
                stat_prefix: to,
                cluster: to,
              }),
            },
          ],
        },
      ],
    }),
  ),
);

function read(resources: object[]) {
  const object = config(resources);
  const reading = readEnvoyConfig(object, new Set());
  crossCheck(object, reading);
  return { object, reading };
}

test('whatever stands in resources, reading ends with resources or faults', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(messy, wellFormed), { minLength: 1, maxLength: 5 }), (resources) => {
      const clean = JSON.parse(JSON.stringify(resources)) as object[];
      let parsed: ReturnType<typeof read>;
      try {
        parsed = read(clean);
      } catch (error) {
        // The fixture throws where the object itself is not valid, with its faults as JSON.
        expect(() => JSON.parse((error as Error).message)).not.toThrow();
        return;
      }
      const { object, reading } = parsed;
      expect(reading.resources.length + reading.setAside.length).toBe(resources.length);
      for (const { faults } of reading.setAside) expect(faults.length).toBeGreaterThan(0);
      resourceFaults(object);
    }),
    { numRuns: 300 },
  );
});

test('no name and no reference of what is served leaves the object', () => {
  fc.assert(
    fc.property(fc.array(wellFormed, { minLength: 1, maxLength: 5 }), (resources) => {
      const { object, reading } = read(resources);
      const scope = `${scopeOf(object)}/`;
      for (const { scopedName, message, typeUrl } of reading.resources) {
        expect(scopedName.startsWith(scope)).toBe(true);
        const desc = typeOf(typeUrl);
        if (desc === undefined) throw new Error(typeUrl);
        walk(desc, message, {
          field: ({ id, value }): Json | undefined => {
            if (referenceFields.has(id) || nameFields.has(id))
              expect(String(value).startsWith(scope)).toBe(true);
            return undefined;
          },
        });
      }
    }),
    { numRuns: 300 },
  );
});
