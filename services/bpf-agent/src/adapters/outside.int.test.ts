// From the IR to connections from outside, and what becomes of them while agents and their programs are replaced.
import { appendFileSync, copyFileSync } from 'node:fs';
import { describeIf, tempDir, until } from '@sluice/testkit';
import type { AskOptions, Peer, Pod } from '@sluice/testkit/network';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { builtObject } from '../kernel/places.ts';
import { endpoints, service } from '../testing/ir.ts';
import { missingForNode, Rig } from '../testing/rig.ts';

const vip = '203.0.113.1';
const vip6 = '2001:db8:113::1';
const clusterIp = '10.96.0.1';

describeIf(missingForNode())('Services of a node from outside', () => {
  let rig: Rig;
  let outside: Peer;
  let pods: Pod[] = [];

  beforeEach(async () => {
    rig = await Rig.start({ atInterface: true });
    pods = [];
    for (const name of ['one', 'two']) {
      const pod = await rig.node.addPod(name);
      await (await pod.startPeer()).listen(8080);
      pods.push(pod);
    }
    outside = await rig.outside.startPeer();
  });
  afterEach(async () => {
    await rig?.[Symbol.asyncDispose]();
    expect(rig?.failures).toEqual([]);
  });

  const on = (...which: readonly number[]) =>
    endpoints(
      'web',
      which
        .flatMap((index) => [pods[index]?.address ?? '', pods[index]?.address6 ?? ''])
        .map((address) => ({ address, node: 'node-1' })),
    );
  const web = service('web', [
    { address: clusterIp },
    { address: vip, type: 'external' },
    { address: vip6, type: 'external' },
  ]);

  /** Streams of new connections and of large ones, from outside and from a pod. `grow` resolves when each has come on. */
  async function startLoad() {
    const pod = await rig.node.addPod('client');
    const wanted: [Peer, AskOptions][] = [
      [outside, { address: vip, port: 80 }],
      [await rig.outside.startPeer(), { address: vip6, port: 80, sizeBytes: 500_000 }],
      [await pod.startPeer(), { address: clusterIp, port: 80 }],
      [await pod.startPeer(), { address: clusterIp, port: 80, sizeBytes: 500_000 }],
    ];
    const streams = await Promise.all(wanted.map(([peer, options]) => peer.stream(options)));
    const grow = async (by: number) => {
      for (const stream of streams) {
        const { answered } = await stream.streamed();
        await until(async () => (await stream.streamed()).answered >= answered + by, {
          message: 'more answers',
        });
      }
    };
    const stop = () => Promise.all(streams.map(async (stream) => (await stream.stop()).errors));
    return { grow, stop };
  }

  test('a load balancer’s address admits whom its ranges name, and nobody else; other addresses admit all', async () => {
    rig.startAgent();
    const balanced = (sourceRanges: readonly string[]) =>
      service(
        'web',
        [
          { address: vip, type: 'load-balancer' },
          { address: vip6, type: 'load-balancer' },
          { address: '203.0.113.2', type: 'external' },
        ],
        {
          sourceRanges: [...sourceRanges],
        },
      );
    const expectAdmitted = async (address: string, expected: boolean) => {
      const { error } = await outside.ask({ address, port: 80, timeoutMs: expected ? 20_000 : 500 });
      expect(error).toBe(expected ? undefined : 'ETIMEDOUT');
    };
    for (const [ranges, ipv4, ipv6] of [
      [['172.31.0.0/24', '2001:db8::/64'], true, false],
      [['172.31.1.0/24', 'fd31::/64'], false, true],
      [['172.31.0.100/32', 'fd31::100/128'], true, true],
      [[], false, false],
      [['0.0.0.0/0', '::/0'], true, true],
    ] as const) {
      await rig.apply([balanced(ranges), on(0, 1)]);
      await expectAdmitted(vip, ipv4);
      await expectAdmitted(vip6, ipv6);
      await expectAdmitted('203.0.113.2', true);
    }
  });

  const turns = [
    { other: true },
    {},
    { sizes: { lb_slots: 4_096 } },
    { other: true, sizes: { lb_frontends: 4_096 } },
  ];
  test.each([
    { tcx: true, turns },
    // as on a kernel before 6.6
    { tcx: false, turns: turns.slice(0, 2) },
  ])(
    'agents with other programs, and with maps of other sizes, take over under load (tcx: $tcx): no connection fails',
    async ({ tcx, turns }) => {
      using directory = tempDir();
      const object = directory.file('other.bpf.o');
      copyFileSync(builtObject, object);
      // what follows the last section is nobody's, and makes another hash
      appendFileSync(object, 'other');
      rig.startAgent({ tcx });
      await rig.apply([web, on(0, 1)]);
      const path = `PATH=${process.env.PATH}:/usr/sbin:/sbin`;
      const filters = rig.node.namespace.run('env', path, 'tc', 'filter', 'show', 'dev', 'eth0', 'ingress');
      expect(filters.includes('lb_ingress')).toBe(!tcx);
      const load = await startLoad();
      await load.grow(2);
      for (const [turn, { other = false, ...sizes }] of turns.entries()) {
        await rig.stopAgent();
        // the next one finds other endpoints than the one before has left
        const seq = await rig.commit([on(...(turn % 2 === 0 ? [(turn / 2) % 2] : [0, 1]))]);
        const { agent } = rig.startAgent({ tcx, ...sizes, ...(other ? { object } : {}) });
        await until(() => (agent.revision?.seq ?? 0) >= seq, { message: 'the maps' });
        await load.grow(2);
      }
      expect(await load.stop()).toEqual([{}, {}, {}, {}]);
    },
  );

  test('the kernel’s process is killed at whatever moment of a change under load: no connection fails', async () => {
    const { agent, kernel } = rig.startAgent();
    await rig.apply([web, on(0, 1)]);
    const load = await startLoad();
    await load.grow(1);
    for (let turn = 0; turn < 8; turn += 1) {
      const committed = rig.commit([on(...([[0], [0, 1], [1], [1, 0]][turn % 4] ?? []))]);
      const { promise, resolve } = Promise.withResolvers<void>();
      setTimeout(() => {
        if (kernel.pid !== undefined) process.kill(kernel.pid, 'SIGKILL');
        resolve();
      }, 3 * turn);
      const [seq] = await Promise.all([committed, promise]);
      await until(() => (agent.revision?.seq ?? 0) >= seq, {
        message: `the maps of turn ${turn}`,
      });
    }
    await load.grow(2);
    expect(await load.stop()).toEqual([{}, {}, {}, {}]);
  });
});
