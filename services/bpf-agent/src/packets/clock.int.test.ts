import { describeIf } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Kernel } from '../core/kernel-port.ts';
import { put, putService, rows } from '../testing/map-world.ts';
import { startPacketKernel } from '../testing/packet-kernel.ts';
import { outcomeOf } from '../testing/packet-run.ts';
import { missingForKernel, type TestKernel } from '../testing/test-kernel.ts';

describeIf(missingForKernel())(
  'a connection that another CPU has just seen, a moment after this one looked at the clock',
  () => {
    let running: TestKernel;
    let kernel: Kernel;
    beforeAll(async () => {
      running = await startPacketKernel();
      kernel = running.kernel;
      const affinityTimeoutS = 60;
      await putService(kernel, { at: 'tcp 203.0.113.1:80', set: 1n, backends: ['10.244.1.2:8080'] });
      const backends = Array.from({ length: 50 }, (_, index) => `10.244.1.${index + 2}:8080`);
      await putService(kernel, {
        at: 'tcp 203.0.113.2:80',
        set: 2n,
        backends,
        frontend: { affinityTimeoutS },
      });
    });
    afterAll(() => running?.stop());
    /** As if a minute ahead. */
    const later = (ns: bigint) => ns + 60_000_000_000n;

    test('is not taken for one that has long been silent: both of its directions go on', async () => {
      const goesOn = async () => {
        expect(await outcomeOf(kernel, 'out', 'tcp 10.244.1.2:8080 > 198.51.100.7:4000 FA')).toBe(
          'tcp 203.0.113.1:80 > 198.51.100.7:4000 FA',
        );
        expect(await outcomeOf(kernel, 'in', 'tcp 198.51.100.7:4000 > 203.0.113.1:80 A')).toBe(
          'tcp 198.51.100.7:4000 > 10.244.1.2:8080 A',
        );
      };
      await outcomeOf(kernel, 'in', 'tcp 198.51.100.7:4000 > 203.0.113.1:80 S');
      await outcomeOf(kernel, 'out', 'tcp 10.244.1.2:8080 > 198.51.100.7:4000 SA');
      for (let times = 0; times < 2; times += 1) {
        for (const { key, value } of await rows(kernel, 'lb_conntrack'))
          await put(kernel, 'lb_conntrack', { key, value: { ...value, usedNs: later(value.usedNs) } });
        await goesOn();
      }
    });

    test('nor is the backend forgotten that a client is tied to', async () => {
      const goesTo = async (port: number) =>
        (await outcomeOf(kernel, 'in', `tcp 198.51.100.8:${port} > 203.0.113.2:80 S`)).split(' > ')[1];
      const first = await goesTo(5000);
      for (const { key, value } of await rows(kernel, 'lb_affinity'))
        await put(kernel, 'lb_affinity', { key, value: { ...value, usedNs: later(value.usedNs) } });
      for (const port of [5001, 5002, 5003]) expect(await goesTo(port)).toBe(first);
    });
  },
);
