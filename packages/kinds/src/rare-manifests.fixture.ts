// One manifest of each kind that the recorded log does not hold.

export type Manifest = Readonly<Record<string, unknown>>;

const gatewayApi = 'gateway.networking.k8s.io/v1';
const metadata = { name: 'a', labels: { a: 'b' } };
const parentRefs = [{ name: 'edge', port: 1, sectionName: 'a' }];
const l4Spec = { parentRefs, rules: [{ backendRefs: [{ name: 'a', port: 80 }] }] };
const resource = {
  '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  name: 'a',
  connect_timeout: '1s',
};
const envoyConfig = { services: [{ name: 'a', ports: [80] }], backendServices: [{ name: 'b' }] };

export const rareManifests: readonly Manifest[] = [
  { apiVersion: gatewayApi, kind: 'TCPRoute', metadata, spec: l4Spec },
  { apiVersion: gatewayApi, kind: 'UDPRoute', metadata, spec: l4Spec },
  { apiVersion: gatewayApi, kind: 'TLSRoute', metadata, spec: { ...l4Spec, hostnames: ['a.test'] } },
  {
    apiVersion: gatewayApi,
    kind: 'GRPCRoute',
    metadata,
    spec: {
      parentRefs,
      hostnames: ['a.test'],
      rules: [
        {
          matches: [{ method: { service: 'a.B', method: 'C' }, headers: [{ name: 'a', value: 'b' }] }],
          filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['a'] } }],
          backendRefs: [{ name: 'a', port: 80, weight: 2 }],
        },
      ],
    },
  },
  {
    apiVersion: gatewayApi,
    kind: 'BackendTLSPolicy',
    metadata,
    spec: {
      targetRefs: [{ group: '', kind: 'Service', name: 'a', sectionName: 'b' }],
      validation: {
        hostname: 'a.test',
        caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'a' }],
        subjectAltNames: [{ type: 'Hostname', hostname: 'a.test' }],
      },
    },
  },
  {
    apiVersion: gatewayApi,
    kind: 'ListenerSet',
    metadata,
    spec: {
      parentRef: { name: 'edge' },
      listeners: [
        { name: 'a', port: 80, protocol: 'HTTP', hostname: 'a.test' },
        { name: 'b', port: 443, protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'a' }] } },
      ],
    },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata,
    spec: {
      ingressClassName: 'a',
      defaultBackend: { service: { name: 'a', port: { number: 80 } } },
      tls: [{ hosts: ['a.test'], secretName: 'a' }],
      rules: [
        {
          host: 'a.test',
          http: {
            paths: [
              { path: '/', pathType: 'Prefix', backend: { service: { name: 'a', port: { name: 'b' } } } },
            ],
          },
        },
      ],
    },
  },
  {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumEnvoyConfig',
    metadata,
    spec: { ...envoyConfig, resources: [resource] },
  },
  {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumClusterwideEnvoyConfig',
    metadata,
    spec: { resources: [resource] },
  },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'ca.crt': 'a' } },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': 'YQ==', 'tls.key': 'YQ==' },
  },
];
