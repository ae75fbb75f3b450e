import { gatewaySchema, listenerSetSchema, serviceSchema } from '@sluice/kinds';
import { expect, test } from 'vitest';
import { keyOf } from '../keys.ts';
import { assignServiceAddresses } from './service-addresses.ts';

const envoys = { namespace: 'sluice-system', service: 'envoy', port: 19_001 };

function gateway(addresses: object[] = []) {
  return gatewaySchema.parse({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'edge', namespace: 'shop' },
    spec: {
      gatewayClassName: 'sluice',
      listeners: [
        { name: 'a', port: 80, protocol: 'HTTP', hostname: 'a.example' },
        { name: 'b', port: 80, protocol: 'HTTP', hostname: 'b.example' },
        { name: 'c', port: 443, protocol: 'TCP' },
      ],
      addresses,
    },
  });
}

function assigned(of: { asked?: object[]; given?: string[]; names?: string[]; fault?: string }) {
  const [fact] = assignServiceAddresses(
    { gateways: [gateway(of.asked)], listenerSets: [], services: [], others: [], ingresses: [] },
    new Map(),
    {
      kind: 'services',
      bindAddresses: ['0.0.0.0'],
      envoys,
      ingress: () => ({ addresses: of.given ?? [], hostnames: of.names ?? [], fault: of.fault ?? '' }),
    },
  ).values();
  return fact;
}

test('what the load balancer gave is the address, and each port is bound once', () => {
  const fact = assigned({ given: ['203.0.113.7', '2001:DB8::7'] });
  expect(fact).toMatchObject({ addresses: ['2001:db8::7', '203.0.113.7'], unusable: [], lowPortOffset: 0 });
  expect(fact?.sockets?.ports.map(({ port }) => port)).toEqual([80, 443]);
});

test('a load balancer that gives names has its names told, where no address was asked for', () => {
  const names = ['lb-2.example', 'lb-1.example'];
  expect(assigned({ names })).toMatchObject({ addresses: [], hostnames: names.toReversed(), unusable: [] });
  const fact = assigned({ names, asked: [{ type: 'IPAddress', value: '203.0.113.9' }] });
  expect(fact).not.toHaveProperty('hostnames');
  expect(fact?.unusable).toHaveLength(1);
});

test('while it is not known what a load balancer gave, what was assigned stays', () => {
  const of = { gateways: [gateway()], listenerSets: [], services: [], others: [], ingresses: [] };
  const first = assigned({ given: ['203.0.113.7'] });
  if (first === undefined) throw new Error('nothing is assigned');
  const unknown = { kind: 'services', bindAddresses: ['0.0.0.0'], envoys, ingress: () => undefined } as const;
  const key = keyOf(first.gateway);
  expect(assignServiceAddresses(of, new Map([[key, first]]), unknown).get(key)).toEqual(first);
  expect(assignServiceAddresses(of, new Map(), unknown).get(key)).toMatchObject({
    addresses: [],
    unusable: [],
  });
});

test('a load balancer that has given nothing yet leaves no address, and nothing unusable', () => {
  expect(assigned({})).toMatchObject({ addresses: [], unusable: [] });
});

test('an address that was asked for is the only one; what was not given is unusable', () => {
  const asked = [
    { type: 'IPAddress', value: '203.0.113.9' },
    { type: 'IPAddress', value: '2001:0db8::1' },
  ];
  expect(assigned({ asked, given: ['203.0.113.7', '2001:db8::1'] })).toMatchObject({
    addresses: ['2001:db8::1'],
    unusable: [
      { value: '203.0.113.9', reason: 'the load balancer has not given it to the Service of the Gateway' },
    ],
  });
  expect(assigned({ asked: [{ type: 'IPAddress', value: 'edge' }] })?.unusable).toEqual([
    { value: 'edge', reason: 'is no IP address' },
  ]);
});

test('an entry without a value takes what is given', () => {
  expect(assigned({ asked: [{ type: 'IPAddress' }], given: ['203.0.113.7'] })).toMatchObject({
    addresses: ['203.0.113.7'],
    unusable: [],
  });
});

test('what stands in the way of the Service is told', () => {
  expect(assigned({ fault: 'Service shop/edge-sluice is there and not ours' })?.unusable).toEqual([
    { value: '', reason: 'Service shop/edge-sluice is there and not ours' },
  ]);
});

test.each([
  ['All', 'other', [53, 80, 443]],
  ['Selector', 'other', [53, 80, 443]],
  ['Same', 'shop', [53, 80, 443]],
  ['Same', 'other', [80, 443]],
  [undefined, 'shop', [80, 443]],
])('listeners of sets, where the Gateway takes %s and the set is of %s', (from, namespace, expected) => {
  const edge = gateway();
  const allowedListeners = from === undefined ? {} : { allowedListeners: { namespaces: { from } } };
  const set = listenerSetSchema.parse({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'ListenerSet',
    metadata: { name: 'more', namespace },
    spec: {
      parentRef: { name: 'edge', namespace: 'shop' },
      listeners: [{ name: 'dns', port: 53, protocol: 'UDP' }],
    },
  });
  const gateways = [gatewaySchema.parse({ ...edge, spec: { ...edge.spec, ...allowedListeners } })];
  const [fact] = assignServiceAddresses(
    { gateways, listenerSets: [set], services: [], others: [], ingresses: [] },
    new Map(),
    {
      kind: 'services',
      bindAddresses: ['0.0.0.0'],
      envoys,
      ingress: () => ({ addresses: [], hostnames: [], fault: '' }),
    },
  ).values();
  expect(fact?.sockets?.ports.map(({ port }) => port)).toEqual(expected);
});

test('a Service at a listener of its own has a port of the nodes for each TCP port, at its cluster IPs', () => {
  const service = (clusterIPs: string[]) =>
    serviceSchema.parse({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'edge', namespace: 'shop' },
      spec: {
        clusterIPs,
        ports: [
          { name: 'web', port: 80 },
          { name: 'dns', port: 53, protocol: 'UDP' },
        ],
      },
    });
  const assign = (clusterIPs: string[]) => {
    const of = {
      gateways: [gateway()],
      listenerSets: [],
      services: [service(clusterIPs)],
      others: [],
      ingresses: [],
    };
    return [
      ...assignServiceAddresses(of, new Map(), {
        kind: 'services',
        bindAddresses: ['0.0.0.0'],
        envoys,
        ingress: () => ({ addresses: ['203.0.113.7'], hostnames: [], fault: '' }),
      }).values(),
    ];
  };
  const [ofGateway, ofService] = assign(['FD00::7', '10.96.0.7']);
  expect(ofGateway).toMatchObject({ gateway: { kind: 'Gateway' }, addresses: ['203.0.113.7'] });
  expect(ofService).toMatchObject({
    gateway: { kind: 'Service', namespace: 'shop', name: 'edge' },
    addresses: ['10.96.0.7', 'fd00::7'],
    sockets: { addresses: ['0.0.0.0'], ports: [{ port: 80, transport: 'TCP' }], envoys },
  });
  expect(ofGateway?.sockets).not.toHaveProperty('envoys');
  expect(assign(['None'])[1]).toMatchObject({ addresses: [], unusable: [] });
});

test('an object that is reached with no Service in between has ports of the node alone', () => {
  const ref = { group: 'cilium.io', kind: 'CiliumEnvoyConfig', namespace: 'shop', name: 'c' };
  const of = {
    gateways: [],
    listenerSets: [],
    services: [],
    others: [{ ref, ports: [12_345] }],
    ingresses: [],
  };
  const [fact] = assignServiceAddresses(of, new Map(), {
    kind: 'services',
    bindAddresses: ['0.0.0.0'],
    envoys,
    ingress: () => ({ addresses: [], hostnames: [], fault: '' }),
  }).values();
  expect(fact).toMatchObject({
    gateway: ref,
    addresses: ['127.0.0.1'],
    sockets: { addresses: ['127.0.0.1'] },
  });
  expect(fact?.sockets?.ports.map(({ port }) => port)).toEqual([12_345]);
});
