import { describe, expect, test } from 'vitest';
import { filters, gateway, match, route, rule, service, withMetadata } from './manifests.fixture.ts';
import { knownObjectSchema } from './object.ts';
import { objectRefOf } from './object-ref.ts';
import { parseObject } from './parse.ts';

/** `path: message (hint)` of every fault; empty when the object is taken. */
function faults(object: unknown): string[] {
  const parsed = parseObject(object);
  return parsed.ok
    ? []
    : parsed.faults.map((f) => `${f.path}: ${f.message}${f.hint === '' ? '' : ` (${f.hint})`}`);
}

function taken(object: unknown) {
  const parsed = parseObject(object);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.object;
}

describe('defaults', () => {
  test.each(['v1', 'v1beta1', 'v1alpha2'])(
    'an HTTPRoute of %s becomes v1 with everything filled in',
    (version) => {
      expect(
        taken(
          route(
            { parentRefs: [{ name: 'g' }], rules: [{ backendRefs: [{ name: 's', port: 80 }] }] },
            `gateway.networking.k8s.io/${version}`,
          ),
        ),
      ).toEqual({
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRoute',
        metadata: {
          name: 'r',
          namespace: 'default',
          uid: '',
          generation: 0,
          creationTimestamp: '',
          labels: {},
          annotations: {},
        },
        spec: {
          parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'g' }],
          hostnames: [],
          rules: [
            {
              matches: [{ path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] }],
              filters: [],
              backendRefs: [{ group: '', kind: 'Service', name: 's', port: 80, weight: 1, filters: [] }],
            },
          ],
        },
      });
    },
  );

  test('a route without rules matches everything', () => {
    expect(taken(route({}))).toMatchObject({
      spec: { rules: [{ matches: [{ path: { value: '/' } }], backendRefs: [] }] },
    });
  });

  test('a Gateway', () => {
    const listeners = [
      { name: 'a', port: 80, protocol: 'http' },
      { name: 'b', port: 443, protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'c' }] } },
    ];
    expect(taken(gateway({ listeners }))).toMatchObject({
      apiVersion: 'gateway.networking.k8s.io/v1',
      spec: {
        addresses: [],
        listeners: [
          { protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'Same' }, kinds: [] } },
          {
            tls: {
              mode: 'Terminate',
              certificateRefs: [{ group: '', kind: 'Secret', name: 'c' }],
              options: {},
            },
          },
        ],
      },
    });
  });

  test('a Service port aims at itself', () => {
    expect(taken(service({ ports: [{ port: 80 }] }))).toMatchObject({
      spec: { type: 'ClusterIP', ports: [{ name: '', protocol: 'TCP', port: 80, targetPort: 80 }] },
    });
  });

  test('an endpoint of unknown state is ready; serving follows ready', () => {
    const slice = (conditions: object): unknown => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'e' },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.1'], conditions }],
    });
    expect(taken(slice({}))).toMatchObject({
      endpoints: [{ conditions: { ready: true, serving: true, terminating: false } }],
    });
    expect(taken(slice({ ready: false }))).toMatchObject({
      endpoints: [{ conditions: { ready: false, serving: false } }],
    });
  });

  test('stringData of a Secret becomes data, line breaks go', () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's' },
      data: { a: 'YW\nI=' },
      stringData: { b: 'é' },
    };
    expect(taken(secret)).toMatchObject({ type: 'Opaque', data: { a: 'YWI=', b: 'w6k=' } });
  });

  test('a cluster-scoped object has no namespace, and null is absent', () => {
    const object = taken({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'n', namespace: 'x', labels: null },
      spec: null,
      status: { phase: 'Active' },
    });
    expect(objectRefOf(object)).toEqual({ group: '', kind: 'Namespace', namespace: '', name: 'n' });
  });

  test('what only the API server cares about is dropped', () => {
    const metadata = {
      name: 's',
      resourceVersion: '9',
      managedFields: [{}],
      ownerReferences: [],
      finalizers: [],
      generation: 3,
      uid: 'u',
    };
    expect(taken(withMetadata(metadata)).metadata).toEqual({
      name: 's',
      namespace: 'default',
      uid: 'u',
      generation: 3,
      creationTimestamp: '',
      labels: {},
      annotations: {},
    });
  });
});

test('the slide: backendRefs beside rules', () => {
  const spec = {
    parentRefs: [{ name: 'g' }],
    rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/details' } }] }],
    backendRefs: [{ name: 'details', port: 9080 }],
  };
  expect(faults(route(spec, 'gateway.networking.k8s.io/v1alpha2'))).toEqual([
    'spec.backendRefs: unknown field (backendRefs belongs to each rule: move it under spec.rules[0].backendRefs)',
  ]);
});

describe('unknown fields', () => {
  test.each<[string, object, string]>([
    ['a misspelling', route({ hostname: ['a'] }), 'spec.hostname: unknown field (did you mean hostnames?)'],
    [
      'the wrong case',
      route({ parentrefs: [] }),
      'spec.parentrefs: unknown field (did you mean parentRefs?)',
    ],
    [
      'path inside a backend',
      rule({ backendRefs: [{ name: 'a', port: 1, path: '/x' }] }),
      'spec.rules[0].backendRefs[0].path: unknown field (path belongs to each match: move it under spec.rules[0].matches[0].path)',
    ],
    [
      'weight beside backendRefs of the second rule',
      route({ rules: [{}, { weight: 1 }] }),
      'spec.rules[1].weight: unknown field (weight belongs to each backendRef: move it under spec.rules[1].backendRefs[0].weight)',
    ],
    [
      'a field outside of spec',
      { ...route({}), rules: [] },
      'rules: unknown field (rules belongs elsewhere: move it under spec.rules)',
    ],
    [
      'nothing near',
      route({ zzzzzz: 1 }),
      'spec.zzzzzz: unknown field (known fields here: parentRefs, useDefaultGateways, hostnames, rules)',
    ],
    [
      'a filter of another type',
      filters({ type: 'URLRewrite', urlRewrite: {}, requestRedirect: {} }),
      'spec.rules[0].filters[0].requestRedirect: unknown field (requestRedirect does not fit the type of spec.rules[0].filters[0]: change the type, or remove requestRedirect)',
    ],
  ])('%s', (_, object, message) => {
    expect(faults(object)).toEqual([message]);
  });
});

describe('wrong values', () => {
  test.each<[string, unknown, string[]]>([
    ['not an object', 'text', [': must be an object (a manifest has apiVersion, kind, metadata and spec)']],
    [
      'nothing in it',
      {},
      [
        'apiVersion: is required (for instance gateway.networking.k8s.io/v1)',
        expect.stringMatching(/^kind: is required/) as unknown as string,
      ],
    ],
    [
      'unknown kind',
      { apiVersion: 'v1', kind: 'Servise', metadata: { name: 'x' } },
      ['kind: unknown kind (did you mean Service?)'],
    ],
    [
      'foreign kind',
      { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'x' } },
      [
        expect.stringMatching(
          /^kind: unknown kind of group networking.k8s.io \(Sluice reads GatewayClass, Gateway, HTTPRoute, .*Namespace/,
        ) as unknown as string,
      ],
    ],
    [
      'a Gateway of another project',
      { apiVersion: 'networking.istio.io/v1', kind: 'Gateway', metadata: { name: 'x' } },
      ['apiVersion: is not the group of this kind (use gateway.networking.k8s.io/v1)'],
    ],
    [
      'unknown version',
      route({}, 'gateway.networking.k8s.io/v2'),
      ['apiVersion: version is not known (use gateway.networking.k8s.io/v1)'],
    ],
    [
      'a quoted port',
      rule({ backendRefs: [{ name: 'a', port: '80' }] }),
      ['spec.rules[0].backendRefs[0].port: must be a number, not text (remove the quotes)'],
    ],
    [
      'an unquoted header value',
      rule({ matches: [{ headers: [{ name: 'a', value: 1 }] }] }),
      ['spec.rules[0].matches[0].headers[0].value: must be text, not a number (put it in quotes)'],
    ],
    [
      'an object for a list',
      route({ hostnames: { a: 1 } }),
      ['spec.hostnames: must be a list, not an object (write a list: each item begins with "- ")'],
    ],
    [
      'a list for an object',
      rule({ timeouts: [] }),
      [
        'spec.rules[0].timeouts: must be an object, not a list (write an object with the fields request, backendRequest)',
      ],
    ],
    ['no name', { ...route({}), metadata: {} }, ['metadata.name: is required']],
    [
      'a wrong type of match',
      match({ type: 'Prefix', value: '/' }),
      ['spec.rules[0].matches[0].path.type: must be one of Exact, PathPrefix, RegularExpression'],
    ],
    [
      'a near type of filter',
      filters({ type: 'UrlRewrite' }),
      [expect.stringContaining('(did you mean URLRewrite?)') as unknown as string],
    ],
    [
      'no port',
      rule({ backendRefs: [{ name: 'a' }] }),
      ['spec.rules[0].backendRefs[0].port: is required for a Service (add the port of the Service)'],
    ],
    [
      'weight',
      rule({ backendRefs: [{ name: 'a', port: 1, weight: 1_000_001 }] }),
      ['spec.rules[0].backendRefs[0].weight: must be from 0 to 1000000'],
    ],
    [
      'a name with upper case',
      withMetadata({ name: 'Shop' }),
      [expect.stringMatching(/^metadata.name: must be lower-case letters/) as unknown as string],
    ],
    [
      'a name with a control character',
      withMetadata({ name: 'a\u001b[31m' }),
      [expect.stringMatching(/^metadata.name: must be/) as unknown as string],
    ],
    [
      'a name too long',
      withMetadata({ name: 'a'.repeat(64) }),
      ['metadata.name: must be at most 63 characters long'],
    ],
    [
      'a bad label',
      withMetadata({ name: 'a', labels: { 'a b': 'x' } }),
      [expect.stringMatching(/^metadata.labels\["a b"\]: must be/) as unknown as string],
    ],
    [
      'several at once',
      route({ hostnames: ['A'], rules: [{ matches: [{ path: { value: 'x' } }], oops: 1 }] }),
      [
        expect.stringMatching(/^spec.hostnames\[0\]: must be a lower-case DNS name/) as unknown as string,
        'spec.rules[0].matches[0].path.value: must start with "/" (write "/x")',
        expect.stringMatching(/^spec.rules\[0\].oops: unknown field/) as unknown as string,
      ],
    ],
  ])('%s', (_, object, messages) => {
    expect(faults(object)).toEqual(messages);
  });

  test.each(['a//b', '/a/./b', '/a/../b', '/a/..', '/a%2fb', '/a%2Fb', '/a#b', '/a b', '/ü', '/a?b', '/%zz'])(
    'the path %s is refused',
    (value) => {
      expect(faults(match({ value }))).toHaveLength(1);
    },
  );

  test('a regular expression may hold what a path may not', () => {
    expect(faults(match({ type: 'RegularExpression', value: '^/a//[^#]+$' }))).toEqual([]);
  });

  test.each(['1', '1d', '1.5s', '', '-1s', '1h1m1s1ms1s', '100000s'])('%j is no duration', (request) => {
    expect(faults(rule({ timeouts: { request } }))).toEqual([
      'spec.rules[0].timeouts.request: must be a duration such as 10s, 500ms or 1h30m',
    ]);
  });
});

test('no fault repeats a value of a Secret', () => {
  const canary = 'c4n4ry-secret-value';
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': canary, 'tls.key': { [canary]: canary } },
    stringData: { x: [canary], [`${canary} !`]: 'x' },
  };
  const parsed = parseObject(secret);
  expect(parsed.ok).toBe(false);
  const told = JSON.stringify(parsed.ok ? [] : parsed.faults.filter((f) => !f.path.startsWith('stringData')));
  expect(told).not.toContain(canary);
});

test('a reference is known even where the object is refused', () => {
  expect(parseObject(withMetadata({ name: 'Bad', namespace: 'ns' }))).toMatchObject({
    ok: false,
    ref: { group: '', kind: 'Service', namespace: 'ns', name: 'Bad' },
  });
});

test('at most 20 faults are told', () => {
  const hostnames = Array.from({ length: 16 }, () => 'BAD');
  const parentRefs = Array.from({ length: 32 }, () => ({ name: 'BAD' }));
  expect(faults(route({ hostnames, parentRefs })).at(-1)).toMatch(/and \d+ more faults/);
  expect(faults(route({ hostnames, parentRefs }))).toHaveLength(20);
});

test('parsing what parsing gave changes nothing', () => {
  const objects = [
    route({ rules: [{ filters: [{ type: 'CORS', cors: {} }], retry: {}, sessionPersistence: {} }] }),
    gateway({ listeners: [{ name: 'a', port: 80, protocol: 'http' }], tls: { frontend: { default: {} } } }),
    service({ ports: [{ port: 80 }] }),
  ];
  for (const object of objects) {
    const once = knownObjectSchema.parse(taken(object));
    expect(knownObjectSchema.parse(structuredClone(once))).toEqual(once);
  }
});

test('an object that is nested too deeply is refused, however deep', () => {
  let spec: object = {};
  for (let i = 0; i < 100_000; i++) spec = { spec };
  expect(parseObject({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec })).toEqual({
    ok: false,
    faults: [expect.objectContaining({ message: 'is nested too deeply' })],
  });
});

test.each(['"', '\\', 'a\\b', 'a\nb'])(
  'an object in which a field is named %j is refused at its place',
  (name) => {
    const parsed = parseObject({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c', annotations: { [name]: 'x' } },
    });
    expect(parsed).toMatchObject({
      ok: false,
      ref: { kind: 'ConfigMap', name: 'c' },
      faults: [{ message: expect.stringContaining('names of fields must not hold') }],
    });
  },
);

test('what the API server notes of who wrote which field is no fault', () => {
  const managedFields = [{ fieldsV1: { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {} } } } }];
  const parsed = parseObject(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'n', managedFields } },
    'api',
  );
  expect(parsed).toMatchObject({ ok: true });
});
