// How long connections through a device are remembered: RFC 5382 REQ-5 for TCP, RFC 4787 REQ-5 for UDP.
import { describeIf } from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Kernel } from '../core/kernel-port.ts';
import { put, putService, rows } from '../testing/map-world.ts';
import { startPacketKernel } from '../testing/packet-kernel.ts';
import { type Hook, outcomeOf } from '../testing/packet-run.ts';
import { missingForKernel, type TestKernel } from '../testing/test-kernel.ts';

const client = '198.51.100.7:4000';
const vip = '203.0.113.1';
const [first, second] = ['10.244.1.2:8080', '10.244.1.3:8080'];
const syn = ['in', `tcp ${client} > ${vip}:80 S`] as const;
const answered = ['out', `tcp ${first} > ${client} SA`] as const;
const finOfClient = ['in', `tcp ${client} > ${vip}:80 FA`] as const;
const finOfBackend = ['out', `tcp ${first} > ${client} FA`] as const;

describeIf(missingForKernel())('connections through a device in time', () => {
  let running: TestKernel;
  let kernel: Kernel;
  beforeAll(async () => {
    running = await startPacketKernel();
    kernel = running.kernel;
  });
  afterAll(() => running?.stop());
  beforeEach(async () => {
    await kernel.remove('lb_conntrack', await kernel.dump('lb_conntrack'));
    await serve(1n, first);
  });

  const serve = async (set: bigint, backend: string) => {
    for (const at of [`tcp ${vip}:80`, `udp ${vip}:53`])
      await putService(kernel, { at, set, backends: [backend] });
  };
  /** Lets so many seconds pass for all connections. An answer that has not come yet was used at 0. */
  const age = async (seconds: number) => {
    const pastNs = BigInt(seconds) * 1_000_000_000n;
    for (const { key, value } of await rows(kernel, 'lb_conntrack')) {
      const usedNs = value.usedNs > pastNs ? value.usedNs - pastNs : 0n;
      await put(kernel, 'lb_conntrack', { key, value: { ...value, usedNs } });
    }
  };
  const runAll = async (steps: readonly (readonly [Hook, string])[]) => {
    for (const [hook, packet] of steps) await outcomeOf(kernel, hook, packet);
  };

  test.each([
    { state: 'not answered', steps: [syn], seconds: 240 },
    { state: 'established', steps: [syn, answered], seconds: 7_440 },
    { state: 'closed by one side', steps: [syn, answered, finOfClient], seconds: 240 },
    { state: 'closed by both sides', steps: [syn, answered, finOfClient, finOfBackend], seconds: 120 },
  ])('TCP $state: $seconds s', async ({ steps, seconds }) => {
    await runAll(steps);
    await serve(2n, second);
    await age(seconds - 5);
    const packet = `tcp ${client} > ${vip}:80 A`;
    expect(await outcomeOf(kernel, 'in', packet)).toBe(`tcp ${client} > ${first} A`);
    await age(seconds + 5);
    expect(await outcomeOf(kernel, 'in', packet)).toBe(`tcp ${client} > ${second} A`);
  });

  test('packets of either side keep a connection', async () => {
    await runAll([syn, answered]);
    await serve(2n, second);
    for (const [hook, packet, expected] of [
      ['out', `tcp ${first} > ${client} A`, `tcp ${vip}:80 > ${client} A`],
      ['in', `tcp ${client} > ${vip}:80 A`, `tcp ${client} > ${first} A`],
      ['out', `tcp ${first} > ${client} A`, `tcp ${vip}:80 > ${client} A`],
    ] as const) {
      await age(7_000);
      expect(await outcomeOf(kernel, hook, packet)).toBe(expected);
    }
  });

  test('UDP: 300 s, and an answer that comes later is not the Service’s', async () => {
    const question = `udp ${client} > ${vip}:53`;
    const answer = `udp ${first} > ${client}`;
    expect(await outcomeOf(kernel, 'in', question)).toBe(`udp ${client} > ${first}`);
    await age(295);
    expect(await outcomeOf(kernel, 'out', answer)).toBe(`udp ${vip}:53 > ${client}`);
    await age(305);
    expect(await outcomeOf(kernel, 'out', answer)).toBe(answer);
  });

  test('a new connection from the same port takes the place of one that has ended', async () => {
    await runAll([syn, answered, finOfClient, finOfBackend]);
    await serve(2n, second);
    expect(await outcomeOf(kernel, ...syn)).toBe(`tcp ${client} > ${second} S`);
    expect(await outcomeOf(kernel, 'out', `tcp ${second} > ${client} SA`)).toBe(
      `tcp ${vip}:80 > ${client} SA`,
    );
  });

  test('a port towards another node is taken from a connection that went quiet', async () => {
    await putService(kernel, { at: 'tcp 203.0.113.2:80', set: 3n, backends: ['10.244.2.2:8080*'] });
    const from = (port: number) => outcomeOf(kernel, 'in', `tcp 198.51.100.7:${port} > 203.0.113.2:80 S`);
    expect(await from(5_000)).toBe('tcp 198.51.100.7:5000 > 10.244.2.2:8080 S');
    expect(await from(5_001)).toBe('drop');
    await age(245);
    expect(await from(5_001)).toBe('tcp 198.51.100.7:5001 > 10.244.2.2:8080 S');
    const leaving = 'tcp 198.51.100.7:5001 > 10.244.2.2:8080 S';
    expect(await outcomeOf(kernel, 'out', leaving)).toBe('tcp 172.31.0.1:2000 > 10.244.2.2:8080 S');
    const answer = 'tcp 10.244.2.2:8080 > 172.31.0.1:2000 SA';
    expect(await outcomeOf(kernel, 'in', answer)).toBe('tcp 10.244.2.2:8080 > 198.51.100.7:5001 SA');
  });
});
