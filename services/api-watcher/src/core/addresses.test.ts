import { type Gateway, gatewaySchema, objectRefOf } from '@sluice/kinds';
import { describe, expect, test } from 'vitest';
import { type AddressHolder, assignAddresses, poolAddresses } from './addresses.ts';

const holder = (gateway: Gateway): AddressHolder => ({
  ref: objectRefOf(gateway),
  requested: gateway.spec.addresses,
});
const gateway = (name: string, addresses: object[] = [], namespace = 'default') =>
  holder(
    gatewaySchema.parse({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name, namespace },
      spec: { gatewayClassName: 'sluice', listeners: [{ name: 'a', port: 80, protocol: 'HTTP' }], addresses },
    }),
  );
const service = (name: string): AddressHolder => ({
  ref: { group: '', kind: 'Service', namespace: 'default', name },
  requested: [],
});
const own = new Set(['127.80.0.1', '127.80.0.2', '127.80.0.9', '127.0.0.1', '::1', '10.0.0.1']);
const addressing = {
  kind: 'pool' as const,
  pool: ['127.80.0.1', '127.80.0.2'],
  lowPortOffset: 10_000,
  usable: (a: string) => own.has(a),
};
const ip = (value?: string) => ({ type: 'IPAddress', ...(value === undefined ? {} : { value }) });

/** `name: addresses | value reason` of each. */
function assigned(
  gateways: Parameters<typeof assignAddresses>[0],
  before: Parameters<typeof assignAddresses>[1] = new Map(),
): string[] {
  return [...assignAddresses(gateways, before, addressing).values()].map((a) =>
    [`${a.gateway.name}:`, ...a.addresses, ...a.unusable.map((u) => `| ${u.value} ${u.reason}`)].join(' '),
  );
}

describe('the pool', () => {
  test.each<[string, number, string, string]>([
    ['127.80.0.0/24', 254, '127.80.0.1', '127.80.0.254'],
    ['127.80.0.77/24', 254, '127.80.0.1', '127.80.0.254'],
    ['10.0.0.4/30', 2, '10.0.0.5', '10.0.0.6'],
    ['10.0.0.4/31', 2, '10.0.0.4', '10.0.0.5'],
    ['10.0.0.4/32', 1, '10.0.0.4', '10.0.0.4'],
    ['127.64.0.0/12', 65_535, '127.64.0.1', '127.64.255.255'],
    ['fd00::/126', 4, 'fd00::', 'fd00::3'],
  ])('%s has %i addresses, from %s to %s', (cidr, count, first, last) => {
    const pool = poolAddresses(cidr);
    expect([pool.length, pool[0], pool.at(-1)]).toEqual([count, first, last]);
  });
});

describe('an assignment', () => {
  test('goes to Gateways before Services', () => {
    expect(assigned([service('a'), gateway('b')])).toEqual(['b: 127.80.0.1', 'a: 127.80.0.2']);
  });

  test('is the lowest free address, in the order of names', () => {
    expect(assigned([gateway('b'), gateway('a')])).toEqual(['a: 127.80.0.1', 'b: 127.80.0.2']);
  });

  test('stays while the Gateway lives, whoever comes and goes', () => {
    const before = assignAddresses([gateway('b')], new Map(), addressing);
    expect(assigned([gateway('a'), gateway('b')], before)).toEqual(['a: 127.80.0.2', 'b: 127.80.0.1']);
  });

  test('says so when the pool is used up', () => {
    expect(assigned([gateway('a'), gateway('b'), gateway('c')]).at(-1)).toBe(
      'c: |  no address of the pool is free',
    );
  });

  test('moves when the pool no longer holds it', () => {
    const before = assignAddresses([gateway('a')], new Map(), { ...addressing, pool: ['127.99.0.1'] });
    expect(assigned([gateway('a')], before)).toEqual(['a: 127.80.0.1']);
  });

  test.each<[string, object[], string]>([
    ['an own address', [ip('10.0.0.1')], 'g: 10.0.0.1'],
    ['several', [ip('10.0.0.1'), ip('::1')], 'g: 10.0.0.1 ::1'],
    ['in another form', [ip('0:0::1')], 'g: ::1'],
    ['a foreign address', [ip('192.0.2.1')], 'g: | 192.0.2.1 is not an address of this machine'],
    [
      'some of them',
      [ip('192.0.2.1'), ip('10.0.0.1')],
      'g: 10.0.0.1 | 192.0.2.1 is not an address of this machine',
    ],
    ['no address', [ip('300.1.1.1')], 'g: | 300.1.1.1 is no IP address'],
    ['a short form', [ip('127.1')], 'g: | 127.1 is no IP address'],
    [
      'all addresses',
      [ip('0.0.0.0')],
      'g: | 0.0.0.0 stands for every address, and a Gateway must have its own',
    ],
    ['a group', [ip('224.0.0.1')], 'g: | 224.0.0.1 is not the address of one host'],
    [
      'a hostname',
      [{ type: 'Hostname', value: 'a.example' }],
      'g: | a.example addresses of type Hostname are not supported',
    ],
    ['any address', [ip()], 'g: 127.80.0.1'],
    ['any, and one of the pool', [ip(), ip('127.80.0.1')], 'g: 127.80.0.1 127.80.0.2'],
  ])('%s', (_, addresses, wanted) => {
    expect(assigned([gateway('g', addresses)])).toEqual([wanted]);
  });

  test('gives a requested address to one Gateway only: who has it keeps it', () => {
    const both = [gateway('a', [ip('10.0.0.1')]), gateway('b', [ip('10.0.0.1')])];
    expect(assigned(both)).toEqual(['a: 10.0.0.1', 'b: | 10.0.0.1 in use by Gateway/default/a']);
    const before = assignAddresses(both.slice(1), new Map(), addressing);
    expect(assigned(both, before)).toEqual(['a: | 10.0.0.1 in use by Gateway/default/b', 'b: 10.0.0.1']);
  });

  test('never takes an address of the pool from the Gateway that has it', () => {
    const before = assignAddresses([gateway('b')], new Map(), addressing);
    expect(assigned([gateway('a', [ip('127.80.0.1')]), gateway('b')], before)).toEqual([
      'a: | 127.80.0.1 in use by Gateway/default/b',
      'b: 127.80.0.1',
    ]);
  });
});
