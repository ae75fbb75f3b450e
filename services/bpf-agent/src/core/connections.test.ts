import { describe, expect, test } from 'vitest';
import { addressBytes } from './address.ts';
import { connectionsIn, isAskedFor } from './connections.ts';
import type { FlowKey } from './layout/keys.ts';
import { mapCodecs } from './layout/maps.ts';
import type { Flow } from './layout/values.ts';
import { encodeRows } from './struct-codec.ts';

const second = 1_000_000_000n;
const nowNs = 10_000n * second;

const key = (given: Partial<FlowKey> = {}): FlowKey => ({
  source: addressBytes('198.51.100.7'),
  destination: addressBytes('203.0.113.1'),
  ...{ sourcePort: 4000, destinationPort: 80, protocol: 6, hook: 0 },
  ...given,
});
const flow = (given: Partial<Flow> = {}): Flow => ({
  ...{ set: 1n, usedNs: nowNs - second, address: addressBytes('10.244.1.2'), port: 8080 },
  ...{ snatPort: 0, state: 1, flags: 0, otherPort: 0 },
  ...given,
});
const read = (...rows: readonly (readonly [FlowKey, Flow])[]) =>
  connectionsIn(
    {
      keys: encodeRows(
        mapCodecs.lb_conntrack.key,
        rows.map(([k]) => k),
      ),
      values: encodeRows(
        mapCodecs.lb_conntrack.value,
        rows.map(([, v]) => v),
      ),
      count: rows.length,
    },
    nowNs,
  );

describe('entries of conntrack', () => {
  test('a connection is told once, by the entry of its client', () => {
    const found = read(
      [key(), flow({ snatPort: 61_000 })],
      [key({ hook: 1 }), flow()],
      [key({ source: addressBytes('10.244.1.2') }), flow({ flags: 1 })],
    );
    expect(found).toEqual([
      {
        protocol: 'TCP',
        client: { address: '198.51.100.7', port: 4000 },
        frontend: { address: '203.0.113.1', port: 80 },
        backend: { address: '10.244.1.2', port: 8080 },
        nodePort: 61_000,
        state: 'established',
        idleMs: 1_000,
      },
    ]);
  });

  test.each([
    ['established', 6, 1, 7_440n],
    ['new', 6, 0, 240n],
    ['closing', 6, 2, 240n],
    ['closed', 6, 3, 120n],
    ['reset', 6, 4, 120n],
    ['new', 17, 0, 300n],
    ['established', 17, 1, 300n],
  ])('%s of protocol %i lives for its time and no longer', (name, protocol, state, limit) => {
    const at = (idle: bigint) => read([key({ protocol }), flow({ state, usedNs: nowNs - idle })]);
    expect(at(limit * second)).toMatchObject([{ state: name }]);
    expect(at(limit * second + 1_000_000n)).toEqual([]);
  });

  test('a time that another CPU wrote a moment later is no time of waiting', () => {
    expect(read([key(), flow({ usedNs: nowNs + 5n })])).toMatchObject([{ idleMs: 0 }]);
    expect(read([key(), flow({ state: 9 })])).toMatchObject([{ state: 'unknown' }]);
  });
});

describe('what is asked for', () => {
  const [one] = read([key(), flow()]);
  if (one === undefined) throw new Error('no connection');
  const at = (address: string, port = 80) => [{ protocol: 'TCP' as const, address, port }];
  test.each([
    [true, {}],
    [true, { client: '198.51.100.7' }],
    [false, { client: '198.51.100.8' }],
    [true, { frontends: at('203.0.113.1') }],
    [true, { frontends: at('0.0.0.0') }],
    [false, { frontends: at('::') }],
    [false, { frontends: at('203.0.113.1', 81) }],
    [false, { frontends: [{ protocol: 'UDP' as const, address: '203.0.113.1', port: 80 }] }],
    [false, { frontends: [] }],
  ])('%s: %o', (expected, asked) => {
    expect(isAskedFor(one, { kind: 'conntrack', limit: 1, ...asked })).toBe(expected);
  });
});
