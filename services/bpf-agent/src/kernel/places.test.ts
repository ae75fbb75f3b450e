import { expect, test } from 'vitest';
import { cgroupMount } from './places.ts';

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
