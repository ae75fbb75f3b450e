// Objects of every kind as the types allow them, whatever the schemas would say of their texts.
import type { HttpFilter, KnownObject } from '@sluice/kinds';
import fc from 'fast-check';
import { controllerNames } from '../scenario.fixture.ts';

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
const selectedNamespaces = exact(
  fc.record({
    from: fc.constantFrom('All' as const, 'Selector' as const, 'Same' as const, 'None' as const),
    selector: maybe(selector),
  }),
);
const secretRef = exact(fc.record({ group: text, kind: text, name: text, namespace: maybe(text) }));
const listener = exact(
  fc.record({
    name: text,
    hostname: maybe(text),
    port,
    protocol: fc.oneof(fc.constantFrom('HTTP', 'HTTPS', 'TLS', 'TCP', 'UDP'), text),
    tls: maybe(
      fc.record({
        mode: fc.constantFrom('Terminate' as const, 'Passthrough' as const),
        certificateRefs: fc.array(secretRef, { maxLength: 2 }),
        options: fc.constant({}),
      }),
    ),
    allowedRoutes: fc.record({
      namespaces: selectedNamespaces,
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
const backendRef = {
  group: fc.oneof(fc.constant(''), text),
  kind: fc.oneof(fc.constant('Service'), text),
  name: text,
  namespace: maybe(text),
  port: maybe(port),
};
const texts = fc.array(text, { maxLength: 2 });
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
  exact(
    fc.record({
      backendRef: exact(fc.record(backendRef)),
      percent: maybe(fc.nat(100)),
      fraction: maybe(fc.record({ numerator: fc.nat(3), denominator: fc.integer({ min: 3, max: 7 }) })),
    }),
  ).map((requestMirror) => ({
    type: 'RequestMirror' as const,
    requestMirror: requestMirror as Extract<HttpFilter, { type: 'RequestMirror' }>['requestMirror'],
  })),
  exact(
    fc.record({
      allowOrigins: texts,
      allowCredentials: maybe(fc.boolean()),
      allowMethods: fc.constantFrom<('*' | 'GET')[]>([], ['*'], ['GET']),
      allowHeaders: texts,
      exposeHeaders: texts,
      maxAge: fc.integer({ min: 1, max: 2 ** 31 }),
    }),
  ).map((cors) => ({
    type: 'CORS' as const,
    cors: cors as Extract<HttpFilter, { type: 'CORS' }>['cors'],
  })),
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
    backendRefs: fc.array(exact(fc.record({ ...backendRef, weight: fc.nat(1_000_000), filters })), {
      maxLength: 2,
    }),
    timeouts: maybe(exact(fc.record({ request: maybe(duration), backendRequest: maybe(duration) }))),
  }),
);
const parentRef = exact(
  fc.record({
    group: fc.constantFrom('gateway.networking.k8s.io', ''),
    kind: fc.constantFrom('Gateway', 'ListenerSet', 'Service'),
    name: text,
    namespace: maybe(text),
    sectionName: maybe(text),
    port: maybe(port),
  }),
);

const listeners = fc.array(listener, { maxLength: 4 });
const parentRefs = fc.array(parentRef, { maxLength: 3 });
const l4Rules = fc.array(
  exact(
    fc.record({
      name: maybe(text),
      backendRefs: fc.array(exact(fc.record({ ...backendRef, weight: fc.nat(1_000_000) })), { maxLength: 3 }),
    }),
  ),
  { maxLength: 2 },
);
const grpcFilters = filters.map((all) =>
  all.filter(({ type }) => type !== 'RequestRedirect' && type !== 'URLRewrite' && type !== 'CORS'),
);
const grpcRule = exact(
  fc.record({
    name: maybe(text),
    matches: fc.array(
      exact(
        fc.record({
          method: maybe(exact(fc.record({ type: matchType, service: maybe(text), method: maybe(text) }))),
          headers: named,
        }),
      ),
      { maxLength: 2 },
    ),
    filters: grpcFilters,
    backendRefs: fc.array(
      exact(fc.record({ ...backendRef, weight: fc.nat(1_000_000), filters: grpcFilters })),
      { maxLength: 2 },
    ),
  }),
);
const protocol = fc.constantFrom('TCP', 'UDP', 'SCTP');
const ingressBackend = fc.oneof(
  fc
    .record({ name: text, port: fc.oneof(fc.record({ name: text }), fc.record({ number: port })) })
    .map((service) => ({ service })),
  fc.record({ apiGroup: text, kind: text, name: text }).map((resource) => ({ resource })),
);

const envoyConfig = {
  services: fc.array(
    exact(
      fc.record({
        name: text,
        namespace: maybe(text),
        ports: fc.array(port, { maxLength: 2 }),
        listener: maybe(text),
      }),
    ),
    { maxLength: 2 },
  ),
  backendServices: fc.array(exact(fc.record({ name: text, namespace: maybe(text), number: texts })), {
    maxLength: 2,
  }),
  resources: fc.array(
    exact(
      fc.record({
        '@type': fc.constantFrom(
          'type.googleapis.com/envoy.config.listener.v3.Listener',
          'type.googleapis.com/envoy.config.cluster.v3.Cluster',
          'x',
        ),
        name: maybe(text),
        other: maybe(fc.jsonValue({ maxDepth: 2 })),
      }),
    ),
    { minLength: 1, maxLength: 3 },
  ),
};

/** API version and spec for each kind: a new kind without one does not compile. */
const names = fc.array(fc.record({ name: text }), { maxLength: 2 });
const address = fc.oneof(
  fc.constantFrom('10.96.0.1', 'FD00::1', 'None', '127.0.0.1'),
  fc.ipV4(),
  fc.ipV6(),
  text,
);
const anyService = versioned('v1', {
  type: fc.constantFrom('ClusterIP', 'ExternalName', 'NodePort', 'LoadBalancer'),
  ports: fc.array(
    exact(
      fc.record({
        ...{ name: text, protocol, port, targetPort: fc.oneof(port, text), appProtocol: maybe(text) },
        nodePort: maybe(port),
      }),
    ),
    { maxLength: 3 },
  ),
  selector: fc.constant({}),
  externalName: maybe(text),
  publishNotReadyAddresses: fc.boolean(),
  clusterIP: maybe(address),
  clusterIPs: maybe(fc.array(address, { maxLength: 2 })),
  externalIPs: maybe(fc.array(address, { maxLength: 3 })),
  ipFamilies: maybe(fc.array(fc.constantFrom('IPv4', 'IPv6'), { maxLength: 2 })),
  sessionAffinity: fc.constantFrom('None', 'ClientIP'),
  internalTrafficPolicy: maybe(fc.constantFrom('Cluster', 'Local')),
  externalTrafficPolicy: maybe(fc.constantFrom('Cluster', 'Local')),
  loadBalancerSourceRanges: maybe(texts),
  trafficDistribution: maybe(fc.oneof(fc.constant('PreferClose'), text)),
});

const kinds: Readonly<Record<KnownObject['kind'], fc.Arbitrary<object>>> = {
  GatewayClass: gatewayApi({ controllerName: fc.constantFrom(...controllerNames, 'x') }),
  Gateway: gatewayApi({
    gatewayClassName: fc.constantFrom('sluice', 'x'),
    listeners,
    addresses: fc.array(fc.record({ type: text, value: text }), { maxLength: 1 }),
    allowedListeners: maybe(fc.record({ namespaces: selectedNamespaces })),
  }),
  ListenerSet: gatewayApi({
    parentRef: exact(
      fc.record({
        group: fc.constantFrom('gateway.networking.k8s.io', ''),
        kind: fc.constantFrom('Gateway', 'x'),
        name: text,
        namespace: maybe(text),
      }),
    ),
    listeners,
  }),
  HTTPRoute: gatewayApi({ parentRefs, hostnames: texts, rules: fc.array(rule, { maxLength: 3 }) }),
  GRPCRoute: gatewayApi({ parentRefs, hostnames: texts, rules: fc.array(grpcRule, { maxLength: 3 }) }),
  TLSRoute: gatewayApi({ parentRefs, hostnames: texts, rules: l4Rules }),
  TCPRoute: gatewayApi({ parentRefs, rules: l4Rules }),
  UDPRoute: gatewayApi({ parentRefs, rules: l4Rules }),
  BackendTLSPolicy: gatewayApi({
    targetRefs: fc.array(
      exact(
        fc.record({
          group: fc.constantFrom('', '', 'x'),
          kind: fc.constantFrom('Service', 'Service', 'x'),
          name: text,
          sectionName: maybe(text),
        }),
      ),
      { maxLength: 2 },
    ),
    validation: exact(
      fc.record({
        caCertificateRefs: fc.array(
          fc.record({ group: fc.constant(''), kind: fc.constantFrom('ConfigMap', 'x'), name: text }),
          { maxLength: 2 },
        ),
        wellKnownCACertificates: maybe(fc.constantFrom('System', 'x/y')),
        hostname: text,
        subjectAltNames: fc.array(
          fc.oneof(
            fc.record({ type: fc.constant('Hostname'), hostname: text }),
            fc.record({ type: fc.constant('URI'), uri: text }),
          ),
          { maxLength: 2 },
        ),
      }),
    ),
  }),
  ReferenceGrant: gatewayApi({
    from: fc.array(fc.record({ group: text, kind: text, namespace: text }), { maxLength: 2 }),
    to: fc.array(exact(fc.record({ group: text, kind: text, name: maybe(text) })), { maxLength: 2 }),
  }),
  Service: fc
    .tuple(anyService, maybe(fc.array(fc.record({ ip: address }), { maxLength: 2 })))
    .map(([service, ingress]) =>
      ingress === undefined ? service : { ...service, status: { loadBalancer: { ingress } } },
    ),
  EndpointSlice: fc.record({
    apiVersion: fc.constant('discovery.k8s.io/v1'),
    addressType: fc.constantFrom('IPv4', 'IPv6', 'FQDN'),
    endpoints: fc.array(
      fc.record({
        addresses: fc.array(text, { minLength: 1, maxLength: 2 }),
        conditions: fc.record({ ready: fc.boolean(), serving: fc.boolean(), terminating: fc.boolean() }),
        hints: exact(fc.record({ forZones: maybe(names), forNodes: maybe(names) })),
      }),
      { maxLength: 2 },
    ),
    ports: fc.array(exact(fc.record({ name: text, protocol, port: maybe(port), appProtocol: maybe(text) })), {
      maxLength: 2,
    }),
  }),
  Pod: fc.record({
    apiVersion: fc.constant('v1'),
    spec: exact(
      fc.record({
        nodeName: maybe(fc.constantFrom('n1', 'n2')),
        hostNetwork: maybe(fc.constant(true)),
        containers: fc.array(
          fc.record({
            name: text,
            ports: fc.array(
              exact(
                fc.record({
                  containerPort: port,
                  hostPort: fc.constantFrom(80, 30_080),
                  hostIP: maybe(fc.oneof(address, fc.constantFrom('0.0.0.0', '::'))),
                  protocol,
                }),
              ),
              { maxLength: 2 },
            ),
          }),
          { maxLength: 2 },
        ),
      }),
    ),
    status: exact(
      fc.record({
        phase: maybe(fc.constant('Failed')),
        podIPs: fc.array(fc.record({ ip: address }), { maxLength: 2 }),
        hostIPs: fc.array(fc.record({ ip: address }), { maxLength: 1 }),
      }),
    ),
  }),
  ConfigMap: fc.record({
    apiVersion: fc.constant('v1'),
    data: fc.oneof(fc.constant({}), fc.record({ 'ca.crt': text })),
    binaryData: fc.constant({}),
    immutable: fc.boolean(),
  }),
  CiliumEnvoyConfig: versioned('cilium.io/v2', envoyConfig),
  CiliumClusterwideEnvoyConfig: versioned('cilium.io/v2', envoyConfig),
  Namespace: versioned('v1', {}),
  IngressClass: versioned('networking.k8s.io/v1', { controller: text }),
  Ingress: versioned('networking.k8s.io/v1', {
    ingressClassName: maybe(text),
    defaultBackend: maybe(ingressBackend),
    tls: fc.array(exact(fc.record({ hosts: texts, secretName: maybe(text) })), { maxLength: 2 }),
    rules: fc.array(
      exact(
        fc.record({
          host: text,
          http: maybe(
            fc.record({
              paths: fc.array(
                fc.record({
                  path: text,
                  pathType: fc.constantFrom('Exact', 'Prefix', 'ImplementationSpecific'),
                  backend: ingressBackend,
                }),
                { minLength: 1, maxLength: 2 },
              ),
            }),
          ),
        }),
      ),
      { maxLength: 2 },
    ),
  }),
};

function versioned(
  apiVersion: string,
  spec: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): fc.Arbitrary<object> {
  return fc.record({ apiVersion: fc.constant(apiVersion), spec: exact(fc.record(spec)) });
}

function gatewayApi(spec: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<object> {
  return versioned('gateway.networking.k8s.io/v1', spec);
}

/** An object of any kind. Its names are few, so that objects refer to each other. */
export const anyObject: fc.Arbitrary<KnownObject> = fc.oneof(
  ...Object.entries(kinds).map(([kind, rest]) =>
    fc.tuple(rest, meta).map(([fields, metadata]) => ({ ...fields, kind, metadata }) as KnownObject),
  ),
);
