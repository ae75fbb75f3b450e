import { expect, test } from 'vitest';
import { canMount, missingCapabilities } from './capabilities.ts';

test.each([
  ['CapEff:\t000001ffffffffff', []],
  // CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN alone
  ['CapEff:\t000000c000001000', []],
  // CAP_SYS_ADMIN holds those of eBPF, not that of the network
  ['CapEff:\t0000000000200000', ['CAP_NET_ADMIN']],
  ['CapEff:\t0000000000000000', ['CAP_NET_ADMIN', 'CAP_PERFMON', 'CAP_BPF']],
  ['', ['CAP_NET_ADMIN', 'CAP_PERFMON', 'CAP_BPF']],
])('%j lacks %j', (status, expected) => {
  expect(missingCapabilities(status)).toEqual(expected);
});

test('the ambient set is what a program gets that somebody else than root starts', () => {
  const status = 'CapEff:\t000001ffffffffff\nCapAmb:\t0000008000000000\n';
  expect(missingCapabilities(status, 'CapAmb')).toEqual(['CAP_NET_ADMIN', 'CAP_PERFMON']);
  expect([canMount(status), canMount(status, 'CapAmb')]).toEqual([true, false]);
});
