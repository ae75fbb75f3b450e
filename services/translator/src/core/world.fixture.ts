// Random worlds for property tests: few names and many variants, so that objects meet, miss and collide.
import type { AckEvent } from '@sluice/events';
import { parseObject } from '@sluice/kinds';
import fc from 'fast-check';
import {
  addressFact,
  builtInClasses,
  envoyAck,
  factInput,
  newest,
  objectFact,
  syncedFacts,
} from '../scenario.fixture.ts';
import type { FactInput } from './index.ts';
import { anyPod } from './pod.fixture.ts';

const gatewayGroup = 'gateway.networking.k8s.io';
const namespace = fc.constantFrom('default', 'default', 'default', 'other');
const hostname = fc.constantFrom('a.example.com', '*.example.com', 'b.example.org');
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const createdAt = fc.constantFrom('', '2026-01-01T00:00:00Z', '2026-02-02T00:00:00Z');

const listener = fc.record({
  name: fc.constantFrom('one', 'two', 'three'),
  port: fc.constantFrom(80, 443, 8080),
  protocol: fc.constantFrom('HTTP', 'HTTP', 'HTTPS', 'TLS', 'TCP', 'UDP'),
  hostname: optional(hostname),
  from: fc.constantFrom('Same', 'All', 'All', 'All', 'Selector'),
  secretNamespace: fc.constantFrom(undefined, undefined, 'other'),
});

type ListenerShape = typeof listener extends fc.Arbitrary<infer L> ? L : never;

function listenerOf(l: ListenerShape): object {
  const secret = {
    name: 'cert',
    ...(l.secretNamespace === undefined ? {} : { namespace: l.secretNamespace }),
  };
  const tls =
    l.protocol === 'HTTPS'
      ? { certificateRefs: [secret] }
      : l.protocol === 'TLS'
        ? { mode: 'Passthrough' }
        : undefined;
  return {
    name: l.name,
    port: l.port,
    protocol: l.protocol,
    ...(l.hostname === undefined || l.protocol === 'TCP' || l.protocol === 'UDP'
      ? {}
      : { hostname: l.hostname }),
    ...(tls === undefined ? {} : { tls }),
    allowedRoutes: {
      namespaces: {
        from: l.from,
        ...(l.from === 'Selector' ? { selector: { matchLabels: { team: 'x' } } } : {}),
      },
    },
  };
}

const gateway = fc
  .record({
    name: fc.constantFrom('g1', 'g2'),
    namespace,
    class: fc.constantFrom('sluice', 'sluice', 'sluice', 'cilium', 'absent'),
    listeners: fc.uniqueArray(listener, { minLength: 1, maxLength: 3, selector: (l) => l.name }),
    generation: fc.integer({ min: 0, max: 3 }),
    allowed: fc.constantFrom('None', 'Same', 'All'),
    createdAt,
  })
  .map((g) => ({
    apiVersion: `${gatewayGroup}/v1`,
    kind: 'Gateway',
    metadata: {
      name: g.name,
      namespace: g.namespace,
      generation: g.generation,
      creationTimestamp: g.createdAt,
    },
    spec: {
      gatewayClassName: g.class,
      allowedListeners: { namespaces: { from: g.allowed } },
      listeners: g.listeners.map(listenerOf),
    },
  }));

const listenerSet = fc
  .record({
    name: fc.constantFrom('s1', 's2'),
    namespace,
    parent: fc.record({ name: fc.constantFrom('g1', 'g2'), namespace }),
    listeners: fc.uniqueArray(listener, { minLength: 1, maxLength: 2, selector: (l) => l.name }),
    createdAt,
  })
  .map((set) => ({
    apiVersion: `${gatewayGroup}/v1`,
    kind: 'ListenerSet',
    metadata: { name: set.name, namespace: set.namespace, creationTimestamp: set.createdAt },
    spec: { parentRef: set.parent, listeners: set.listeners.map(listenerOf) },
  }));

const backend = fc.record({
  name: fc.constantFrom('web', 'api'),
  port: fc.constantFrom(80, 81),
  namespace: fc.constantFrom(undefined, undefined, 'other'),
  weight: fc.constantFrom(0, 1, 5),
});
const filter = fc.constantFrom(
  { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'X', value: '1' }] } },
  { type: 'CORS', cors: {} },
  { type: 'RequestMirror', requestMirror: { backendRef: { name: 'api', port: 80 }, percent: 50 } },
  { type: 'RequestRedirect', requestRedirect: { scheme: 'https' } },
);
const rule = fc.record({
  path: fc.constantFrom('/', '/a', '/b/'),
  regex: fc.constantFrom(false, false, false, false, true),
  filters: fc.oneof(
    { arbitrary: fc.uniqueArray(filter, { maxLength: 0, selector: (f) => f.type }), weight: 3 },
    { arbitrary: fc.uniqueArray(filter, { maxLength: 2, selector: (f) => f.type }), weight: 1 },
  ),
  backends: fc.array(backend, { minLength: 1, maxLength: 3 }),
});

const route = fc
  .record({
    name: fc.constantFrom('r1', 'r2', 'r3'),
    namespace,
    parents: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('g1', 'g1', 'g2', 's1'),
        namespace,
        sectionName: fc.constantFrom(undefined, undefined, undefined, 'one', 'two'),
      }),
      { minLength: 1, maxLength: 2, selector: (p) => `${p.namespace}/${p.name}` },
    ),
    hostnames: fc.oneof(fc.constant([]), fc.uniqueArray(hostname, { maxLength: 2 })),
    rules: fc.array(rule, { minLength: 1, maxLength: 2 }),
    createdAt,
  })
  .map((r) => ({
    apiVersion: `${gatewayGroup}/v1`,
    kind: 'HTTPRoute',
    metadata: { name: r.name, namespace: r.namespace, creationTimestamp: r.createdAt },
    spec: {
      parentRefs: r.parents.map(({ sectionName, ...parent }) => ({
        ...parent,
        ...(parent.name === 's1' ? { kind: 'ListenerSet' } : {}),
        ...(sectionName === undefined ? {} : { sectionName }),
      })),
      hostnames: r.hostnames,
      rules: r.rules.map(({ path, regex, filters, backends }) => ({
        matches: [{ path: regex ? { type: 'RegularExpression', value: '(' } : { value: path } }],
        filters,
        backendRefs: filters.some((f) => f.type === 'RequestRedirect')
          ? []
          : backends.map(({ namespace: ns, ...b }) => ({
              ...b,
              ...(ns === undefined ? {} : { namespace: ns }),
            })),
      })),
    },
  }));

const grpcMethod = fc.constantFrom(
  undefined,
  { service: 'shop.v1.Orders', method: 'Get' },
  { service: 'shop.v1.Orders' },
  { type: 'RegularExpression', method: 'G.*|L' },
  { type: 'RegularExpression', method: '\\Q' },
);

/** Beside HTTPRoutes of the same names, ages and hostnames: they contend. */
const grpcRoute = fc
  .record({ of: route, methods: fc.array(grpcMethod, { minLength: 2, maxLength: 2 }) })
  .map(({ of, methods }) => ({
    ...of,
    kind: 'GRPCRoute',
    spec: {
      ...of.spec,
      rules: of.spec.rules.map(({ backendRefs }, i) => ({
        matches: methods[i] === undefined ? [] : [{ method: methods[i] }],
        backendRefs,
      })),
    },
  }));

/** Routes below HTTP with the parents, hostnames and backends of HTTPRoutes. */
const l4Route = fc
  .record({
    of: route,
    kind: fc.constantFrom('TLSRoute', 'TCPRoute', 'UDPRoute'),
    backends: fc.array(backend, { minLength: 1, maxLength: 3 }),
    hostnames: fc.uniqueArray(hostname, { minLength: 1, maxLength: 2 }),
  })
  .map(({ of, kind, backends, hostnames }) => ({
    ...of,
    kind,
    spec: {
      parentRefs: of.spec.parentRefs,
      ...(kind === 'TLSRoute' ? { hostnames } : {}),
      rules: [
        {
          backendRefs: backends.map(({ namespace: ns, ...b }) => ({
            ...b,
            ...(ns === undefined ? {} : { namespace: ns }),
          })),
        },
      ],
    },
  }));

/** What Services ask of the datapath: few addresses, which several want. */
const anyL4 = fc.record({
  algorithm: fc.constantFrom('', '', 'maglev', 'what'),
  nodePort: fc.boolean(),
  spec: fc.constantFrom<object[]>(
    {},
    {},
    { clusterIP: '10.96.0.1' },
    { clusterIPs: ['10.96.0.1', 'fd00::1'], internalTrafficPolicy: 'Local' },
    { clusterIP: '10.96.0.2', externalIPs: ['10.96.0.1'], sessionAffinity: 'ClientIP' },
    { clusterIP: 'None' },
    { type: 'NodePort', clusterIP: '10.96.0.1', trafficDistribution: 'PreferClose' },
    { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0/8'], externalTrafficPolicy: 'Local' },
    { externalIPs: ['127.0.0.1'], trafficDistribution: 'Somehow' },
  ),
});

const service = fc
  .record({
    name: fc.constantFrom('web', 'api'),
    namespace,
    ports: fc.constantFrom([80], [80, 81], [80, 81], []),
    protocol: fc.constantFrom('TCP', 'TCP', 'UDP'),
    app: fc.constantFrom('http', 'http', 'kubernetes.io/h2c', 'https'),
    l7: fc.constantFrom('', '', 'enabled', 'enabled', 'what'),
    algorithm: fc.constantFrom('', 'random', 'what'),
    l4: anyL4,
    createdAt,
  })
  .map(({ name, namespace: ns, ports, app, protocol, l7, algorithm, l4, createdAt: created }) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: ns,
      creationTimestamp: created,
      annotations: {
        ...(l4.algorithm === '' ? {} : { 'service.cilium.io/lb-algorithm': l4.algorithm }),
        ...(l7 === '' ? {} : { 'service.cilium.io/lb-l7': l7 }),
        ...(algorithm === '' ? {} : { 'service.cilium.io/lb-l7-algorithm': algorithm }),
      },
    },
    spec: {
      ...l4.spec,
      ports: ports.map((port) => ({
        ...{ name: `p${port}`, port, protocol, appProtocol: app },
        ...(l4.nodePort ? { nodePort: 30_000 + port } : {}),
      })),
    },
  }));

const slice = fc
  .record({
    name: fc.constantFrom('s1', 's2'),
    namespace,
    service: fc.constantFrom('web', 'api'),
    endpoints: fc.array(
      fc.record({
        addresses: fc.constantFrom(['10.0.0.1'], ['10.0.0.2']),
        conditions: fc.constantFrom(
          { ready: true },
          { ready: true },
          { ready: false },
          { ready: false, serving: true, terminating: true },
        ),
      }),
      { maxLength: 3 },
    ),
  })
  .map((s) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: s.name, namespace: s.namespace, labels: { 'kubernetes.io/service-name': s.service } },
    addressType: 'IPv4',
    ports: [{ name: 'p80', port: 8080 }],
    endpoints: s.endpoints,
  }));

const grant = fc
  .record({
    name: fc.constantFrom('x', 'y'),
    namespace,
    from: namespace,
    fromKind: fc.constantFrom('HTTPRoute', 'Gateway', 'TLSRoute', 'TCPRoute', 'ListenerSet'),
    to: optional(fc.constantFrom('web', 'cert')),
    toKind: fc.constantFrom('Service', 'Secret'),
  })
  .map((g) => ({
    apiVersion: `${gatewayGroup}/v1`,
    kind: 'ReferenceGrant',
    metadata: { name: g.name, namespace: g.namespace },
    spec: {
      from: [{ group: gatewayGroup, kind: g.fromKind, namespace: g.from }],
      to: [{ group: '', kind: g.toKind, ...(g.to === undefined ? {} : { name: g.to }) }],
    },
  }));

const policy = fc
  .record({
    name: fc.constantFrom('p1', 'p2'),
    namespace,
    to: fc.constantFrom('web', 'api'),
    sectionName: optional(fc.constantFrom('p80', 'p81')),
    ca: fc.constantFrom('ca', 'absent'),
    createdAt,
  })
  .map((p) => ({
    apiVersion: `${gatewayGroup}/v1`,
    kind: 'BackendTLSPolicy',
    metadata: { name: p.name, namespace: p.namespace, creationTimestamp: p.createdAt },
    spec: {
      targetRefs: [
        {
          group: '',
          kind: 'Service',
          name: p.to,
          ...(p.sectionName === undefined ? {} : { sectionName: p.sectionName }),
        },
      ],
      validation: {
        hostname: 'a.example',
        caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: p.ca }],
      },
    },
  }));

/** The outline of a certificate: a version, a number and five parts, with an algorithm and a signature behind it. */
const outline = btoa(
  String.fromCharCode(
    0x30,
    20,
    0x30,
    13,
    0x02,
    1,
    1,
    ...Array(5).fill([0x30, 0]).flat(),
    0x30,
    0,
    0x03,
    1,
    0,
  ),
);
const configMap = fc
  .record({
    namespace,
    text: fc.constantFrom('', `-----BEGIN CERTIFICATE-----\n${outline}\n-----END CERTIFICATE-----\n`),
  })
  .map((c) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'ca', namespace: c.namespace },
    data: { 'ca.crt': c.text },
  }));

const namespaceObject = fc
  .record({ name: namespace, team: fc.constantFrom('x', 'y') })
  .map(({ name, team }) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { team } } }));

const objects = fc
  .oneof(
    ...[gateway, gateway, listenerSet, route, route, grpcRoute, l4Route],
    ...[service, slice, anyPod, anyPod, grant, namespaceObject, policy, configMap],
  )
  .filter((o) => parseObject(o).ok);

const changed = objects.map(objectFact);
const deleted = changed.map(({ subject, fact }): FactInput => {
  if (fact.type !== 'ObjectChanged') throw new Error('not an object');
  const [, , group = '', kind = '', ns = '', name = ''] = subject.split('.');
  const word = (token: string): string => (token === '_' ? '' : token.replaceAll('_', '.'));
  return {
    subject,
    fact: {
      type: 'ObjectDeleted',
      ref: { group: word(group), kind, namespace: word(ns), name: word(name) },
      uid: '',
    },
  };
});
const secretRef = namespace.map((ns) => ({ group: '', kind: 'Secret', namespace: ns, name: 'cert' }));
const certificate = fc
  .tuple(secretRef, fc.constantFrom('', '', 'broken'), fc.boolean(), fc.constantFrom('d1', 'd2'))
  .map(([ref, fault, expired, digest]) =>
    factInput({
      type: 'CertificateObserved',
      ref,
      uid: 'u',
      secretType: 'kubernetes.io/tls',
      digest,
      dnsNames: [],
      notBefore: '',
      notAfter: 'T',
      expired,
      fault,
    }),
  );
const forgotten = secretRef.map((ref) => factInput({ type: 'CertificateForgotten', ref }));
const addresses = fc
  .tuple(
    namespace,
    fc.constantFrom('g1', 'g2'),
    fc.constantFrom(['127.80.0.1'], ['127.80.0.1', '127.80.0.2'], ['127.80.0.2'], []),
  )
  .map(([ns, name, list]) => addressFact(`${ns}/${name}`, list));
const serviceAddresses = fc
  .tuple(namespace, fc.constantFrom('web', 'api'), fc.constantFrom(['127.80.1.1'], ['127.80.1.2'], []))
  .map(([ns, name, list]) =>
    factInput({
      type: 'AddressAssigned',
      gateway: { group: '', kind: 'Service', namespace: ns, name },
      addresses: [...list],
      lowPortOffset: 0,
      unusable: [],
    }),
  );
const rejected = fc.tuple(namespace, fc.constantFrom('r1', 'r2')).map(([ns, name]) =>
  factInput({
    type: 'ResourceRejected',
    node: 'e1',
    typeUrl: 't',
    resource: `${ns}/${name}`,
    sources: [{ group: gatewayGroup, kind: 'HTTPRoute', namespace: ns, name }],
    message: 'no',
    revision: { epoch: 1, seq: 1 },
  }),
);
const cleared = rejected.map(({ subject }): FactInput => ({ subject, fact: { type: 'RejectionCleared' } }));

/** One fact about a small world. */
export const anyFact: fc.Arbitrary<FactInput> = fc.oneof(
  { arbitrary: changed, weight: 20 },
  { arbitrary: deleted, weight: 4 },
  { arbitrary: certificate, weight: 2 },
  { arbitrary: forgotten, weight: 1 },
  { arbitrary: addresses, weight: 4 },
  { arbitrary: serviceAddresses, weight: 2 },
  { arbitrary: rejected, weight: 1 },
  { arbitrary: cleared, weight: 1 },
);

/** One word on an Envoy. */
export const anyAck: fc.Arbitrary<AckEvent> = fc
  .record({
    node: fc.constantFrom('e1', 'e2'),
    state: fc.constantFrom('connected', 'silent', 'disconnected'),
    acked: fc.constantFrom(null, newest),
  })
  .map(({ node, ...of }) => envoyAck(node, of));

/** What every world begins with. */
export const beginning: readonly FactInput[] = [...builtInClasses(), ...syncedFacts()];

const tombstones: ReadonlySet<string> = new Set([
  'ObjectDeleted',
  'CertificateForgotten',
  'AddressReleased',
  'RejectionCleared',
]);

/** The newest fact on each subject, as the log folds them. */
export function foldFacts(facts: readonly FactInput[]): FactInput[] {
  const folded = new Map<string, FactInput>();
  for (const input of facts) {
    folded.delete(input.subject);
    if (!tombstones.has(input.fact.type)) folded.set(input.subject, input);
  }
  return [...folded.values()];
}
