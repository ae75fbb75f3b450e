import { expect, test } from 'vitest';
import { cgroupMount } from './places.ts';
import { missingCapabilities } from './probe.ts';

test.each([
  ['31 30 0:27 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw', '/sys/fs/cgroup'],
  [
    '31 30 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n32 30 0:28 / /x rw - cgroup2 c rw',
    '/sys/fs/cgroup/unified',
  ],
  ['31 30 0:27 / /with\\040space rw - cgroup2 cgroup2 rw', '/with space'],
  ['31 30 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu', undefined],
  ['', undefined],
])('cgroup2 in %j is at %j', (mountinfo, expected) => {
  expect(cgroupMount(mountinfo)).toBe(expected);
});

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
