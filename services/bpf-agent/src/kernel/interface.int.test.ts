import { execFileSync } from 'node:child_process';
import { describeIf } from '@sluice/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  attachedToInterface,
  missingForKernel,
  startTestKernel,
  type TestKernel,
} from '../testing/test-kernel.ts';

const name = `sl-k${process.pid % 10_000}`;
const ip = (...values: string[]) => execFileSync('ip', values, { stdio: 'pipe' });
const points = (['ingress', 'egress'] as const).map(
  (direction) => ({ kind: 'interface', name, direction, program: `lb_${direction}` }) as const,
);
/** Debian has `tc` in a folder that not every user's PATH names. */
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
const filters = (direction: string): string =>
  execFileSync('tc', ['filter', 'show', 'dev', name, direction], { encoding: 'utf8', env });

let running: TestKernel | undefined;

describeIf(missingForKernel())('programs at an interface', () => {
  beforeEach(() => void ip('link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}p`));
  afterEach(async () => {
    ip('link', 'delete', name);
    await running?.stop();
    running = undefined;
  });

  test('stay when the agent goes, are found by the next one, and go when they are detached', async () => {
    running = startTestKernel();
    const { kernel, another } = running;
    await kernel.load();
    for (const point of points) await kernel.attach(point);
    const attached = attachedToInterface(name);
    expect(attached).toHaveLength(2);
    await kernel.close();
    expect(attachedToInterface(name)).toEqual(attached);
    const next = another();
    try {
      await next.load();
      for (const point of points) await next.attach(point);
      expect(attachedToInterface(name)).toEqual(attached);
      for (const point of points) await next.detach(point);
      expect(attachedToInterface(name)).toEqual([]);
    } finally {
      await next.close();
    }
  });

  test('an interface of the same name that was made anew gets its own links', async () => {
    running = startTestKernel();
    const { kernel } = running;
    await kernel.load();
    for (const point of points) await kernel.attach(point);
    ip('link', 'delete', name);
    ip('link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}p`);
    expect(attachedToInterface(name)).toEqual([]);
    for (const point of points) await kernel.attach(point);
    expect(attachedToInterface(name)).toHaveLength(2);
  });

  test('where there is no tcx they are filters of tc, of which a second attachment makes no second one', async () => {
    running = startTestKernel({ tcx: false });
    const { kernel } = running;
    await kernel.load();
    for (let times = 0; times < 2; times += 1) for (const point of points) await kernel.attach(point);
    expect(attachedToInterface(name)).toEqual([]);
    for (const direction of ['ingress', 'egress'])
      expect(filters(direction).match(/handle 0x51 /g), filters(direction)).toHaveLength(1);
    for (const point of points) await kernel.detach(point);
    for (const direction of ['ingress', 'egress']) expect(filters(direction)).not.toContain('lb_');
  });

  test('an interface that is not there, and a program that is not', async () => {
    running = startTestKernel();
    const { kernel } = running;
    await kernel.load();
    await expect(
      kernel.attach({ kind: 'interface', name: 'sl-none', direction: 'ingress', program: 'lb_ingress' }),
    ).rejects.toThrow('interface sl-none: ENODEV');
    await expect(
      kernel.attach({ kind: 'interface', name, direction: 'ingress', program: 'lb_nothing' }),
    ).rejects.toThrow('no program lb_nothing');
  });

  test('a program runs on a packet: what comes out, what it returned, how long it took', async () => {
    running = startTestKernel();
    const { kernel } = running;
    await kernel.load();
    // an ARP request is none of its business
    const packet = new Uint8Array(64);
    packet.set([0x08, 0x06], 12);
    const { verdict, packet: after, ns } = await kernel.testRun('lb_ingress', { packet, repeat: 1_000 });
    // TCX_NEXT or TC_ACT_OK
    expect([0xffffffff, 0]).toContain(verdict);
    expect(after).toEqual(packet);
    expect(ns).toBeGreaterThan(0);
    await expect(kernel.testRun('lb_ingress', { packet: new Uint8Array(3) })).rejects.toThrow('EINVAL');
  });
});
