import type { HttpFilter, KnownObject } from '@sluice/kinds';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressFact, builtInClasses, controllerNames, factInput, syncedFacts } from '../scenario.fixture.ts';
import { createTranslator } from './index.ts';

// Objects as the types allow them, whatever the schemas would say of their texts.
const text = fc.oneof(
  fc.constantFrom(
    '',
    '*',
    '*.',
    '/',
    '//',
    '(',
    'a',
    'gw',
    'default',
    'web',
    'host',
    'HOST',
    '__proto__',
    'constructor',
    '%s',
  ),
  fc.string({ maxLength: 12, unit: 'binary' }),
);
const port = fc.integer({ min: 1, max: 65_535 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
const exact = <T extends object>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  arbitrary.map((value) => Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T);
const meta = fc.record({
  name: text,
  namespace: text,
  uid: text,
  generation: fc.nat(),
  creationTimestamp: text,
  labels: fc.dictionary(text, text, { maxKeys: 2 }),
  annotations: fc.constant({}),
});
const gatewayVersion = fc.constant('gateway.networking.k8s.io/v1' as const);
const selector = fc.record({
  matchLabels: fc.dictionary(text, text, { maxKeys: 2 }),
  matchExpressions: fc.array(
    fc.record({
      key: text,
      operator: fc.constantFrom('In' as const, 'NotIn' as const, 'Exists' as const, 'DoesNotExist' as const),
      values: fc.array(text, { maxLength: 2 }),
    }),
    { maxLength: 2 },
  ),
});
const secretRef = exact(fc.record({ group: text, kind: text, name: text, namespace: maybe(text) }));
const listener = exact(
  fc.record({
    name: text,
    hostname: maybe(text),
    port,
    protocol: fc.oneof(fc.constantFrom('HTTP', 'HTTPS', 'TLS'), text),
    tls: maybe(
      fc.record({
        mode: fc.constantFrom('Terminate' as const, 'Passthrough' as const),
        certificateRefs: fc.array(secretRef, { maxLength: 2 }),
        options: fc.constant({}),
      }),
    ),
    allowedRoutes: fc.record({
      namespaces: exact(
        fc.record({
          from: fc.constantFrom('All' as const, 'Selector' as const, 'Same' as const, 'None' as const),
          selector: maybe(selector),
        }),
      ),
      kinds: fc.array(fc.record({ group: text, kind: text }), { maxLength: 2 }),
    }),
  }),
);
const headers = fc.array(fc.record({ name: text, value: text }), { maxLength: 3 });
const headerFilter = fc.record({ set: headers, add: headers, remove: fc.array(text, { maxLength: 2 }) });
const path = fc.oneof(
  text.map((replaceFullPath) => ({ type: 'ReplaceFullPath' as const, replaceFullPath })),
  text.map((replacePrefixMatch) => ({ type: 'ReplacePrefixMatch' as const, replacePrefixMatch })),
);
const filter: fc.Arbitrary<HttpFilter> = fc.oneof(
  headerFilter.map((requestHeaderModifier) => ({
    type: 'RequestHeaderModifier' as const,
    requestHeaderModifier,
  })),
  headerFilter.map((responseHeaderModifier) => ({
    type: 'ResponseHeaderModifier' as const,
    responseHeaderModifier,
  })),
  exact(
    fc.record({
      scheme: maybe(fc.constantFrom('http' as const, 'https' as const)),
      hostname: maybe(text),
      port: maybe(port),
      path: maybe(path),
      statusCode: fc.constantFrom(301 as const, 308 as const),
    }),
  ).map((requestRedirect) => ({
    type: 'RequestRedirect' as const,
    requestRedirect: requestRedirect as Extract<HttpFilter, { type: 'RequestRedirect' }>['requestRedirect'],
  })),
  exact(fc.record({ hostname: maybe(text), path: maybe(path) })).map((urlRewrite) => ({
    type: 'URLRewrite' as const,
    urlRewrite: urlRewrite as Extract<HttpFilter, { type: 'URLRewrite' }>['urlRewrite'],
  })),
  fc
    .record({ group: text, kind: text, name: text })
    .map((extensionRef) => ({ type: 'ExtensionRef' as const, extensionRef })),
);
const filters = fc.array(filter, { maxLength: 3 });
const matchType = fc.constantFrom('Exact' as const, 'RegularExpression' as const);
const named = fc.array(fc.record({ name: text, type: matchType, value: text }), { maxLength: 2 });
const duration = fc.constantFrom('0s', '10s', '1h30m', '500ms');
const rule = exact(
  fc.record({
    name: maybe(text),
    matches: fc.array(
      exact(
        fc.record({
          path: fc.record({
            type: fc.constantFrom('Exact' as const, 'PathPrefix' as const, 'RegularExpression' as const),
            value: text,
          }),
          headers: named,
          queryParams: named,
          method: maybe(fc.constantFrom('GET' as const)),
        }),
      ),
      { maxLength: 2 },
    ),
    filters,
    backendRefs: fc.array(
      exact(
        fc.record({
          group: text,
          kind: text,
          name: text,
          namespace: maybe(text),
          port: maybe(port),
          weight: fc.nat(1_000_000),
          filters,
        }),
      ),
      { maxLength: 2 },
    ),
    timeouts: maybe(exact(fc.record({ request: maybe(duration), backendRequest: maybe(duration) }))),
  }),
);
const parentRef = exact(
  fc.record({
    group: fc.constantFrom('gateway.networking.k8s.io', ''),
    kind: fc.constantFrom('Gateway', 'Service'),
    name: text,
    namespace: maybe(text),
    sectionName: maybe(text),
    port: maybe(port),
  }),
);

const object = fc.oneof(
  fc.record({
    apiVersion: gatewayVersion,
    kind: fc.constant('GatewayClass' as const),
    metadata: meta,
    spec: fc.record({ controllerName: fc.constantFrom(...controllerNames, 'x') }),
  }),
  fc.record({
    apiVersion: gatewayVersion,
    kind: fc.constant('Gateway' as const),
    metadata: meta,
    spec: fc.record({
      gatewayClassName: fc.constantFrom('sluice', 'x'),
      listeners: fc.array(listener, { maxLength: 4 }),
      addresses: fc.array(fc.record({ type: text, value: text }), { maxLength: 1 }),
    }),
  }),
  fc.record({
    apiVersion: gatewayVersion,
    kind: fc.constant('HTTPRoute' as const),
    metadata: meta,
    spec: fc.record({
      parentRefs: fc.array(parentRef, { maxLength: 3 }),
      hostnames: fc.array(text, { maxLength: 2 }),
      rules: fc.array(rule, { maxLength: 3 }),
    }),
  }),
  fc.record({
    apiVersion: fc.constant('v1' as const),
    kind: fc.constant('Namespace' as const),
    metadata: meta,
    spec: fc.constant({}),
  }),
  fc.record({
    apiVersion: gatewayVersion,
    kind: fc.constant('ReferenceGrant' as const),
    metadata: meta,
    spec: fc.record({
      from: fc.array(fc.record({ group: text, kind: text, namespace: text }), { maxLength: 2 }),
      to: fc.array(exact(fc.record({ group: text, kind: text, name: maybe(text) })), { maxLength: 2 }),
    }),
  }),
) as fc.Arbitrary<KnownObject>;

test('no object makes the translator throw', () => {
  fc.assert(
    fc.property(fc.array(object, { maxLength: 12 }), (objects) => {
      const translator = createTranslator({ controllerNames, reportOrphans: true });
      const begin = [...builtInClasses(), addressFact('default/gw', ['127.80.0.1']), ...syncedFacts()];
      expect(translator.apply({ facts: begin, revision: { epoch: 1, seq: 1 } }).ready).toBe(true);
      objects.forEach((changed, i) => {
        const origin = { file: '', line: 1, column: 1 };
        const fact = {
          subject: `object.${i}`,
          fact: { type: 'ObjectChanged' as const, object: changed, origin },
        };
        expect(translator.apply({ facts: [fact], revision: { epoch: 1, seq: i + 2 } }).ready).toBe(true);
      });
    }),
    { numRuns: 400 },
  );
});

test('a deleted object of a kind that is none of ours changes nothing', () => {
  const translator = createTranslator({ controllerNames });
  const ref = { group: 'x', kind: 'constructor', namespace: 'a', name: 'b' };
  const facts = [...syncedFacts(), factInput({ type: 'ObjectDeleted', ref, uid: '' })];
  expect(translator.apply({ facts, revision: { epoch: 1, seq: 1 } }).ir.puts).toEqual([]);
});
