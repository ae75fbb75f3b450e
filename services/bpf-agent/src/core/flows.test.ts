import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeFlowBatch, dropReasons, encodeFlowBatch } from '@sluice/events';
import { expect, test } from 'vitest';
import { addressBytes } from './address.ts';
import { eventMask, flowOf } from './flows.ts';
import type { Event } from './layout/values.ts';

const nothing = new Uint8Array(16);
const record: Event = {
  timeNs: 5_000_250_000n,
  cookie: 7n,
  client: nothing,
  frontend: addressBytes('10.96.0.10'),
  backend: addressBytes('10.0.0.7'),
  clientPort: 0,
  frontendPort: 80,
  backendPort: 8080,
  kind: 1,
  reason: 0,
  protocol: 6,
  hook: 2,
};

test('a socket whose address was translated', () => {
  expect(flowOf(record, 1_000)).toEqual({
    timeMs: 6_000.25,
    type: 'translated',
    at: 'socket',
    protocol: 'TCP',
    frontend: { address: '10.96.0.10', port: 80 },
    backend: { address: '10.0.0.7', port: 8080 },
  });
});

test('a packet that was dropped, with its client and the reason', () => {
  const client = addressBytes('2001:db8::1');
  expect(
    flowOf(
      { ...record, kind: 3, reason: 4, hook: 0, protocol: 17, client, clientPort: 99, backend: nothing },
      0,
    ),
  ).toEqual({
    timeMs: 5_000.25,
    type: 'dropped',
    at: 'ingress',
    protocol: 'UDP',
    client: { address: '2001:db8::1', port: 99 },
    frontend: { address: '10.96.0.10', port: 80 },
    reason: 'source-range',
  });
});

test('a kind, a reason and a protocol that this agent does not know', () => {
  expect(flowOf({ ...record, kind: 9 }, 0)).toBeUndefined();
  expect(flowOf({ ...record, kind: 3, reason: 200, protocol: 47 }, 0)).toMatchObject({
    reason: 'unknown',
    protocol: '47',
  });
});

test('reasons stand in the order of lb_consts.h', () => {
  const header = readFileSync(join(import.meta.dirname, '../../bpf/lb_consts.h'), 'utf8');
  const inC = [...header.matchAll(/DROP_([A-Z_]+) = (\d+)/g)].map(
    ([, name, number]) => [name, Number(number)] as const,
  );
  expect(inC.slice(1).map(([name]) => name?.toLowerCase().replaceAll('_', '-'))).toEqual(
    dropReasons.slice(0, -1),
  );
  expect(inC.map(([, number]) => number)).toEqual(inC.map((_, index) => index));
});

test('bits of the kinds that are wanted', () => {
  expect(eventMask([])).toBe(0);
  expect(eventMask(['translated', 'connection', 'dropped'])).toBe(0b1110);
});

test('a batch comes back as it was sent; other bytes are refused', () => {
  const flow = flowOf(record, 0);
  const batch = { node: 'n1', lost: 3, unsent: 0, flows: flow === undefined ? [] : [flow] };
  expect(decodeFlowBatch(encodeFlowBatch(batch))).toEqual(batch);
  expect(() => decodeFlowBatch(new TextEncoder().encode('{"node":"n1"}'))).toThrow();
});
