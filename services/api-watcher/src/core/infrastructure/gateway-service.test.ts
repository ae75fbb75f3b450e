import { gatewaySchema } from '@sluice/kinds';
import { expect, test } from 'vitest';
import { gatewayService, gatewayServiceName, gatewaySlices } from './gateway-service.ts';

const sockets = {
  addresses: ['0.0.0.0'],
  ports: [
    { port: 80, transport: 'TCP' as const, bindPort: 12_000 },
    { port: 53, transport: 'UDP' as const, bindPort: 12_000 },
  ],
};

function gateway(name = 'edge', rest: object = {}) {
  return gatewaySchema.parse({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace: 'shop', uid: 'uid-1' },
    spec: { gatewayClassName: 'sluice', listeners: [{ name: 'a', port: 80, protocol: 'HTTP' }], ...rest },
  });
}

test('the Service bears the labels and annotations of the Gateway, and ours before them', () => {
  const infrastructure = {
    labels: { team: 'red', 'app.kubernetes.io/managed-by': 'somebody' },
    annotations: { 'example.com/lb': 'internal' },
  };
  expect(gatewayService(gateway('edge', { infrastructure }), sockets)).toEqual({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'edge-sluice',
      namespace: 'shop',
      labels: {
        team: 'red',
        'app.kubernetes.io/managed-by': 'sluice',
        'gateway.networking.k8s.io/gateway-name': 'edge',
      },
      annotations: { 'example.com/lb': 'internal' },
      ownerReferences: [
        {
          apiVersion: 'gateway.networking.k8s.io/v1',
          kind: 'Gateway',
          name: 'edge',
          uid: 'uid-1',
          controller: true,
          blockOwnerDeletion: false,
        },
      ],
    },
    spec: {
      type: 'LoadBalancer',
      ports: [
        { name: 'tcp-80', port: 80, protocol: 'TCP', targetPort: 12_000 },
        { name: 'udp-53', port: 53, protocol: 'UDP', targetPort: 12_000 },
      ],
    },
  });
});

test('an address that is asked for is asked of the load balancer', () => {
  const addresses = [{ type: 'IPAddress', value: '203.0.113.9' }];
  expect(gatewayService(gateway('edge', { addresses }), sockets)?.spec.loadBalancerIP).toBe('203.0.113.9');
});

test('no port to send to, no Service', () => {
  expect(gatewayService(gateway(), { addresses: [], ports: [] })).toBeUndefined();
});

test.each([
  ['edge', 'edge-sluice'],
  ['0-starts-with-a-digit', 'gw-0-starts-with-a-digit-sluice-5'],
  ['has.dots', 'gw-has-dots-sluice-'],
  ['x'.repeat(63), 'gw-xxxx'],
])('name of the Service of %s', (name, begin) => {
  const service = gatewayServiceName(gateway(name));
  expect(service).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
  expect(service.startsWith(begin.replace(/5$/, ''))).toBe(true);
});

test('names that are cut alike stay apart', () => {
  const [a, b] = [`${'x'.repeat(60)}-a`, `${'x'.repeat(60)}-b`].map((name) =>
    gatewayServiceName(gateway(name)),
  );
  expect(a).not.toBe(b);
});

test('slices by family, sorted, 1,000 endpoints each at most; an Envoy that is not ready is named as such', () => {
  const envoys = [
    { ip: '10.0.0.2', node: 'n2', ready: false, terminating: false },
    { ip: 'fd00::1', node: 'n1', ready: true, terminating: false },
    { ip: '10.0.0.1', node: 'n1', ready: true, terminating: false },
    { ip: 'no address', node: 'n3', ready: true, terminating: false },
  ];
  const [v4, v6, ...none] = gatewaySlices(gateway(), sockets, envoys);
  expect(none).toEqual([]);
  expect(v4).toMatchObject({
    metadata: {
      name: 'edge-sluice-ipv4-0',
      labels: { 'kubernetes.io/service-name': 'edge-sluice', 'app.kubernetes.io/managed-by': 'sluice' },
    },
    addressType: 'IPv4',
    ports: [
      { name: 'tcp-80', port: 12_000, protocol: 'TCP' },
      { name: 'udp-53', port: 12_000, protocol: 'UDP' },
    ],
    endpoints: [
      { addresses: ['10.0.0.1'], nodeName: 'n1', conditions: { ready: true } },
      { addresses: ['10.0.0.2'], nodeName: 'n2', conditions: { ready: false } },
    ],
  });
  expect(v6).toMatchObject({ addressType: 'IPv6', endpoints: [{ addresses: ['fd00::1'] }] });
  const many = Array.from({ length: 1_001 }, (_, i) => ({
    ip: `10.1.${i >> 8}.${i & 255}`,
    node: 'n',
    ready: true,
    terminating: false,
  }));
  expect(gatewaySlices(gateway(), sockets, many).map(({ endpoints }) => endpoints.length)).toEqual([
    1_000, 1,
  ]);
});
