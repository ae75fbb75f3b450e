import { describeIf } from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Kernel } from '../core/kernel-port.ts';
import { type BackendText, putService, rows } from '../testing/map-world.ts';
import { startPacketKernel } from '../testing/packet-kernel.ts';
import { type Hook, outcomeOf } from '../testing/packet-run.ts';
import { missingForKernel, type TestKernel } from '../testing/test-kernel.ts';

/** Each row: hook, packet in, what comes out; rows of one name are one after the other. */
type Table = Readonly<Record<string, readonly (readonly [Hook, string, string])[]>>;

const keepClient = 4;

const connections: Table = {
  'a connection to a backend on this node keeps the client’s address': [
    ['in', 'tcp 198.51.100.7:4000 > 203.0.113.1:80 S', 'tcp 198.51.100.7:4000 > 10.244.1.2:8080 S'],
    ['out', 'tcp 10.244.1.2:8080 > 198.51.100.7:4000 SA', 'tcp 203.0.113.1:80 > 198.51.100.7:4000 SA'],
    ['in', 'tcp 198.51.100.7:4000 > 203.0.113.1:80 A', 'tcp 198.51.100.7:4000 > 10.244.1.2:8080 A'],
    ['in', 'tcp 198.51.100.7:4000 > 203.0.113.1:80 FA', 'tcp 198.51.100.7:4000 > 10.244.1.2:8080 FA'],
    ['out', 'tcp 10.244.1.2:8080 > 198.51.100.7:4000 FA', 'tcp 203.0.113.1:80 > 198.51.100.7:4000 FA'],
    ['in', 'tcp 198.51.100.7:4000 > 203.0.113.1:80 A', 'tcp 198.51.100.7:4000 > 10.244.1.2:8080 A'],
  ],
  'one to a backend on another node leaves with this node’s address, and its answer finds back': [
    ['in', 'tcp 198.51.100.7:4001 > 203.0.113.2:80 S', 'tcp 198.51.100.7:4001 > 10.244.2.2:8080 S'],
    ['out', 'tcp 198.51.100.7:4001 > 10.244.2.2:8080 S', 'tcp 172.31.0.1:2000 > 10.244.2.2:8080 S'],
    ['in', 'tcp 10.244.2.2:8080 > 172.31.0.1:2000 SA', 'tcp 10.244.2.2:8080 > 198.51.100.7:4001 SA'],
    ['out', 'tcp 10.244.2.2:8080 > 198.51.100.7:4001 SA', 'tcp 203.0.113.2:80 > 198.51.100.7:4001 SA'],
  ],
  'the same over IPv6': [
    ['in', 'tcp [2001:db8::7]:4001 > [2001:db8:113::2]:80 S', 'tcp [2001:db8::7]:4001 > [fd44:2::2]:8080 S'],
    ['out', 'tcp [2001:db8::7]:4001 > [fd44:2::2]:8080 S', 'tcp [fd31::1]:2000 > [fd44:2::2]:8080 S'],
    ['in', 'tcp [fd44:2::2]:8080 > [fd31::1]:2000 SA', 'tcp [fd44:2::2]:8080 > [2001:db8::7]:4001 SA'],
    [
      'out',
      'tcp [fd44:2::2]:8080 > [2001:db8::7]:4001 SA',
      'tcp [2001:db8:113::2]:80 > [2001:db8::7]:4001 SA',
    ],
  ],
  'datagrams, both families': [
    ['in', 'udp 198.51.100.7:4002 > 203.0.113.1:53', 'udp 198.51.100.7:4002 > 10.244.1.2:5353'],
    ['out', 'udp 10.244.1.2:5353 > 198.51.100.7:4002', 'udp 203.0.113.1:53 > 198.51.100.7:4002'],
    ['in', 'udp [2001:db8::7]:4002 > [2001:db8:113::1]:53', 'udp [2001:db8::7]:4002 > [fd44:1::2]:5353'],
    ['out', 'udp [fd44:1::2]:5353 > [2001:db8::7]:4002', 'udp [2001:db8:113::1]:53 > [2001:db8::7]:4002'],
  ],
  'a NodePort answers at the node’s addresses of its family alone': [
    ['in', 'tcp 198.51.100.7:4003 > 172.31.0.1:30080 S', 'tcp 198.51.100.7:4003 > 10.244.1.2:8080 S'],
    ['out', 'tcp 10.244.1.2:8080 > 198.51.100.7:4003 SA', 'tcp 172.31.0.1:30080 > 198.51.100.7:4003 SA'],
    ['in', 'tcp 198.51.100.7:4003 > 172.31.0.2:30080 S', 'tcp 198.51.100.7:4003 > 172.31.0.2:30080 S'],
    ['in', 'tcp [2001:db8::7]:4003 > [fd31::1]:30080 S', 'tcp [2001:db8::7]:4003 > [fd31::1]:30080 S'],
  ],
  'what is for no Service is left as it is': [
    ['in', 'tcp 198.51.100.7:4004 > 203.0.113.1:81 S', 'tcp 198.51.100.7:4004 > 203.0.113.1:81 S'],
    ['in', 'udp 198.51.100.7:4004 > 203.0.113.1:80', 'udp 198.51.100.7:4004 > 203.0.113.1:80'],
    ['out', 'tcp 10.244.1.2:8080 > 198.51.100.7:4004 SA', 'tcp 10.244.1.2:8080 > 198.51.100.7:4004 SA'],
  ],
  'a reset for a connection that is not known makes none': [
    ['in', 'tcp 198.51.100.7:4005 > 203.0.113.1:80 R', 'tcp 198.51.100.7:4005 > 203.0.113.1:80 R'],
  ],
  'a direct connection with the addresses of an older one to a Service is not rewritten': [
    ['in', 'tcp 198.51.100.7:4006 > 203.0.113.1:80 S', 'tcp 198.51.100.7:4006 > 10.244.1.2:8080 S'],
    ['out', 'tcp 10.244.1.2:8080 > 198.51.100.7:4006 SA', 'tcp 203.0.113.1:80 > 198.51.100.7:4006 SA'],
    ['in', 'tcp 198.51.100.7:4006 > 10.244.1.2:8080 S', 'tcp 198.51.100.7:4006 > 10.244.1.2:8080 S'],
    ['out', 'tcp 10.244.1.2:8080 > 198.51.100.7:4006 SA', 'tcp 10.244.1.2:8080 > 198.51.100.7:4006 SA'],
    // and the Service is reached again from the same port
    ['in', 'tcp 198.51.100.7:4006 > 203.0.113.1:80 S', 'tcp 198.51.100.7:4006 > 10.244.1.2:8080 S'],
    ['out', 'tcp 10.244.1.2:8080 > 198.51.100.7:4006 SA', 'tcp 203.0.113.1:80 > 198.51.100.7:4006 SA'],
  ],
  'nor are direct datagrams, nor those through this node to another one': [
    ['in', 'udp 198.51.100.7:4007 > 203.0.113.1:53', 'udp 198.51.100.7:4007 > 10.244.1.2:5353'],
    ['in', 'udp 198.51.100.7:4007 > 10.244.1.2:5353', 'udp 198.51.100.7:4007 > 10.244.1.2:5353'],
    ['out', 'udp 10.244.1.2:5353 > 198.51.100.7:4007', 'udp 10.244.1.2:5353 > 198.51.100.7:4007'],
    ['in', 'tcp 198.51.100.7:4008 > 203.0.113.2:80 S', 'tcp 198.51.100.7:4008 > 10.244.2.2:8080 S'],
    ['out', 'tcp 198.51.100.7:4008 > 10.244.2.2:8080 S', 'tcp 172.31.0.1:2000 > 10.244.2.2:8080 S'],
    ['in', 'tcp 198.51.100.7:4008 > 10.244.2.2:8080 S', 'tcp 198.51.100.7:4008 > 10.244.2.2:8080 S'],
    ['out', 'tcp 198.51.100.7:4008 > 10.244.2.2:8080 S', 'tcp 198.51.100.7:4008 > 10.244.2.2:8080 S'],
  ],
  'a backend that itself connects to an old client is not rewritten': [
    ['in', 'tcp 198.51.100.7:4009 > 203.0.113.1:80 S', 'tcp 198.51.100.7:4009 > 10.244.1.2:8080 S'],
    ['out', 'tcp 10.244.1.2:8080 > 198.51.100.7:4009 S', 'tcp 10.244.1.2:8080 > 198.51.100.7:4009 S'],
  ],
  'the one port towards another node is free again when its connection has ended': [
    ['in', 'tcp 198.51.100.7:4011 > 203.0.113.2:80 S', 'tcp 198.51.100.7:4011 > 10.244.2.2:8080 S'],
    ['in', 'tcp 198.51.100.7:4012 > 203.0.113.2:80 S', 'drop'],
    ['in', 'tcp 198.51.100.7:4011 > 203.0.113.2:80 S', 'tcp 198.51.100.7:4011 > 10.244.2.2:8080 S'],
    ['in', 'tcp 198.51.100.7:4011 > 203.0.113.2:80 R', 'tcp 198.51.100.7:4011 > 10.244.2.2:8080 R'],
    ['in', 'tcp 198.51.100.7:4012 > 203.0.113.2:80 S', 'tcp 198.51.100.7:4012 > 10.244.2.2:8080 S'],
  ],
  'without backends: a reset, a port unreachable, and silence where the Service is to look dead': [
    ['in', 'tcp 198.51.100.7:4013 > 203.0.113.9:80 S', 'back tcp 203.0.113.9:80 > 198.51.100.7:4013 RA'],
    [
      'in',
      'tcp [2001:db8::7]:4013 > [2001:db8:113::9]:80 S',
      'back tcp [2001:db8:113::9]:80 > [2001:db8::7]:4013 RA',
    ],
    ['in', 'tcp 198.51.100.7:4013 > 203.0.113.9:80 A', 'back tcp 203.0.113.9:80 > 198.51.100.7:4013 R'],
    [
      'in',
      'udp 198.51.100.7:4013 > 203.0.113.9:53',
      'back icmp 203.0.113.9 > 198.51.100.7 3/3 {udp 198.51.100.7:4013 > 203.0.113.9:53}',
    ],
    [
      'in',
      'udp [2001:db8::7]:4013 > [2001:db8:113::9]:53',
      'back icmp [2001:db8:113::9] > [2001:db8::7] 1/4 {udp [2001:db8::7]:4013 > [2001:db8:113::9]:53}',
    ],
    ['in', 'tcp 198.51.100.7:4013 > 203.0.113.10:80 S', 'drop'],
  ],
};

const services: readonly (readonly [string, bigint, readonly BackendText[]])[] = [
  ['tcp 203.0.113.1:80', 1n, ['10.244.1.2:8080']],
  ['tcp 203.0.113.2:80', 2n, ['10.244.2.2:8080*']],
  ['tcp [2001:db8:113::2]:80', 3n, ['[fd44:2::2]:8080*']],
  ['udp 203.0.113.1:53', 4n, ['10.244.1.2:5353']],
  ['udp [2001:db8:113::1]:53', 5n, ['[fd44:1::2]:5353']],
  ['tcp 0.0.0.0:30080', 1n, ['10.244.1.2:8080']],
  ['tcp 203.0.113.9:80', 0n, []],
  ['tcp [2001:db8:113::9]:80', 0n, []],
  ['udp 203.0.113.9:53', 0n, []],
  ['udp [2001:db8:113::9]:53', 0n, []],
];

describeIf(missingForKernel())('connections through a device', () => {
  let running: TestKernel;
  let kernel: Kernel;
  beforeAll(async () => {
    running = await startPacketKernel();
    kernel = running.kernel;
    for (const [at, set, backends] of services) await putService(kernel, { at, set, backends });
    await putService(kernel, { at: 'tcp 203.0.113.10:80', set: 0n, frontend: { flags: keepClient } });
  });
  afterAll(() => running?.stop());
  beforeEach(async () => {
    await kernel.remove('lb_conntrack', await kernel.dump('lb_conntrack'));
  });

  test.each(Object.entries(connections))('%s', async (_name, steps) => {
    for (const [hook, given, expected] of steps) expect(await outcomeOf(kernel, hook, given)).toBe(expected);
  });

  test('a connection without SNAT has two entries, one with SNAT four', async () => {
    await outcomeOf(kernel, 'in', 'tcp 198.51.100.7:4100 > 203.0.113.1:80 S');
    expect(await rows(kernel, 'lb_conntrack')).toHaveLength(2);
    await outcomeOf(kernel, 'in', 'tcp 198.51.100.7:4101 > 203.0.113.2:80 S');
    expect(await rows(kernel, 'lb_conntrack')).toHaveLength(6);
  });
});
