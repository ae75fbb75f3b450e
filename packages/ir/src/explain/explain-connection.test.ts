import { describe, expect, test } from 'vitest';
import type { IrL4Route } from '../l4-route.ts';
import type { IrListener } from '../listener.ts';
import type { IrResource } from '../resource.ts';
import { explainConnection } from './explain-connection.ts';
import { IrIndex } from './index-ir.ts';

function listener(
  port: number,
  protocol: IrListener['protocol'],
  servers: Partial<IrListener['servers'][number]>[],
): IrListener {
  return {
    kind: 'listener',
    key: `a/gw/${port}`,
    gateway: 'a/gw',
    protocol,
    addresses: ['127.0.0.1'],
    port,
    bindPort: port + 10_000,
    servers: servers.map((server) => ({ name: 'main', hostname: '*', certificates: [], ...server })),
  };
}

function route(
  protocol: IrL4Route['protocol'],
  name: string,
  of: {
    port: number;
    hostnames?: string[];
    server?: string;
    createdAt?: string;
    backends?: IrL4Route['backends'];
  },
): IrL4Route {
  return {
    kind: 'l4-route',
    key: `${protocol.toLowerCase()}:a/${name}`,
    protocol,
    source: { group: 'gateway.networking.k8s.io', kind: `${protocol}Route`, namespace: 'a', name },
    generation: 1,
    createdAt: of.createdAt ?? '',
    attachments: [
      { listener: `a/gw/${of.port}`, server: of.server ?? 'main', hostnames: of.hostnames ?? ['*'] },
    ],
    backends: of.backends ?? [{ service: 'a/s/1', weight: 1 }],
  };
}

const ir = new IrIndex([
  listener(443, 'HTTPS', [
    { name: 'web', hostname: 'www.example', certificates: ['a/c'] },
    { name: 'through', hostname: '*.example', passthrough: true },
  ]),
  listener(5432, 'TCP', [{}]),
  listener(6379, 'TCP', [{}]),
  route('TLS', 'wild', { port: 443, server: 'through', hostnames: ['*.example'] }),
  route('TLS', 'exact', { port: 443, server: 'through', hostnames: ['db.example'] }),
  route('TCP', 'younger', { port: 5432, createdAt: '2026-02-01T00:00:00Z' }),
  route('TCP', 'older', {
    port: 5432,
    createdAt: '2026-01-01T00:00:00Z',
    backends: [
      { service: 'a/s/1', weight: 3 },
      { service: null, weight: 1 },
    ],
  }),
  {
    kind: 'endpoint-group',
    key: 'a/s-1/1',
    service: 'a/s/1',
    endpoints: [{ address: '10.0.0.1', port: 9, state: 'ready' }],
  },
] satisfies IrResource[]);

describe('TLS', () => {
  test.each([
    ['db.example', 'tls:a/exact', 'db.example'],
    ['DB.example', 'tls:a/exact', 'db.example'],
    ['a.db.example', 'tls:a/wild', '*.example'],
  ])('%s goes to %s', (sni, taker, hostname) => {
    const found = explainConnection(ir, { protocol: 'TLS', port: 443, sni });
    expect(found).toMatchObject({
      server: { name: 'through' },
      route: { key: taker },
      hostname,
      refused: '',
    });
  });

  test.each([
    ['www.example', 'listener web ends TLS itself'],
    ['other.org', 'no hostname of the Gateway covers the SNI other.org'],
    ['', 'no hostname of the Gateway covers a client that sends no SNI'],
  ])('%s is refused', (sni, reason) => {
    const found = explainConnection(ir, { protocol: 'TLS', port: 10_443, sni });
    expect(found.route).toBeUndefined();
    expect(found.refused).toContain(reason);
  });
});

test('a route whose hostname is less specific, or another, says so', () => {
  expect(explainConnection(ir, { protocol: 'TLS', port: 443, sni: 'db.example' }).losers).toMatchObject([
    { key: 'tls:a/wild', why: '*.example is less specific than db.example' },
  ]);
  expect(explainConnection(ir, { protocol: 'TLS', port: 443, sni: 'a.example' }).losers).toMatchObject([
    { key: 'tls:a/exact', why: 'is for db.example' },
  ]);
});

describe('TCP', () => {
  test('the oldest route takes the port, with the shares of its backends', () => {
    expect(explainConnection(ir, { protocol: 'TCP', port: 5432, address: '127.0.0.1' })).toMatchObject({
      listener: { gateway: 'a/gw', port: 5432, bindPort: 15_432 },
      route: { key: 'tcp:a/older', source: { kind: 'TCPRoute', name: 'older' } },
      losers: [{ key: 'tcp:a/younger', why: 'wants the same, but it is younger' }],
      targets: [
        { service: 'a/s/1', share: 0.75, endpoints: ['10.0.0.1:9'] },
        { service: null, share: 0.25, endpoints: [] },
      ],
    });
  });

  test.each([
    [{ protocol: 'TCP', port: 6379 }, 'no route of listener main'],
    [{ protocol: 'TCP', port: 5432, address: '127.0.0.2' }, 'no TCP listener has port 5432 of 127.0.0.2'],
    [{ protocol: 'UDP', port: 5432 }, 'no UDP listener has port 5432: listener a/gw/5432 there speaks TCP'],
    [
      { protocol: 'TCP', port: 1 },
      'no TCP listener has port 1: TCP is spoken at 127.0.0.1 port 15432, 127.0.0.1 port 16379',
    ],
  ] as const)('%j is refused', (connection, reason) => {
    expect(explainConnection(ir, connection).refused).toContain(reason);
  });
});
