// A client that speaks from one port to one backend through two Services: the backend could not tell the connections apart, so the second
// comes to it from another port of the client. Each is answered at its own, in the name of its own Service.
import { describeIf } from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { addressBytes } from '../core/address.ts';
import type { Kernel } from '../core/kernel-port.ts';
import { mapCodecs } from '../core/layout/maps.ts';
import { encodeRows } from '../core/struct-codec.ts';
import { putNode, putService, rows } from '../testing/map-world.ts';
import { encodeIcmpError } from '../testing/packet.ts';
import { startPacketKernel } from '../testing/packet-kernel.ts';
import { type Hook, outcomeOf, run } from '../testing/packet-run.ts';
import { describePacket, packetOf } from '../testing/packet-text.ts';
import { missingForKernel, type TestKernel } from '../testing/test-kernel.ts';

const families = [
  {
    family: 'IPv4',
    client: '198.51.100.7',
    vips: ['203.0.113.1', '203.0.113.2'],
    node: '172.31.0.1',
    near: '10.244.1.2',
    far: '10.244.2.2',
    icmp: { type: 3, code: 1, quotedBytes: 28 },
  },
  {
    family: 'IPv6',
    client: '[2001:db8::7]',
    vips: ['[2001:db8:113::1]', '[2001:db8:113::2]'],
    node: '[fd31::1]',
    near: '[fd44:1::2]',
    far: '[fd44:2::2]',
    icmp: { type: 1, code: 3, quotedBytes: 60 },
  },
] as const;
const cases = families.flatMap((world) => [
  { ...world, protocol: 'tcp' },
  { ...world, protocol: 'udp' },
]);

describeIf(missingForKernel())('two connections that a backend could not tell apart', () => {
  let running: TestKernel;
  let kernel: Kernel;
  beforeAll(async () => {
    running = await startPacketKernel();
    kernel = running.kernel;
    await putNode(kernel, { snatPortMin: 2_000, snatPortMax: 2_099 });
    for (const { protocol, vips, near, far } of cases)
      for (const vip of vips) {
        const set = `${protocol} ${near}`;
        await putService(kernel, {
          at: `${protocol} ${vip}:80`,
          set: setOf(set),
          backends: [`${near}:8080`],
        });
        await putService(kernel, {
          ...{ at: `${protocol} ${vip}:81`, set: setOf(`${protocol} ${far}`), backends: [`${far}:8080*`] },
        });
      }
  });
  afterAll(() => running?.stop());
  beforeEach(async () => {
    for (const map of ['lb_conntrack', 'lb_fragments'] as const)
      await kernel.remove(map, await kernel.dump(map));
  });

  const ids = new Map<string, bigint>();
  const setOf = (name: string): bigint => {
    const id = ids.get(name) ?? BigInt(ids.size + 1);
    ids.set(name, id);
    return id;
  };
  const expectAll = async (steps: readonly (readonly [Hook, string, string])[]) => {
    for (const [hook, given, expected] of steps) expect(await outcomeOf(kernel, hook, given)).toBe(expected);
  };
  /** The source port that the packet has when it has come in. */
  const portOf = async (given: string): Promise<number> => {
    const text = await outcomeOf(kernel, 'in', given);
    return Number(/^\S+ \S+:(\d+) > /.exec(text)?.[1] ?? Number.NaN);
  };
  const says = (protocol: string) => (letters: string) => (protocol === 'tcp' ? ` ${letters}` : '');

  test.each(cases)('$family $protocol: at a backend of this node', async (world) => {
    const { client, vips, near, protocol } = world;
    const [first, second] = vips;
    const flags = says(protocol);
    await expectAll([
      [
        'in',
        `${protocol} ${client}:4010 > ${first}:80${flags('S')}`,
        `${protocol} ${client}:4010 > ${near}:8080${flags('S')}`,
      ],
    ]);
    const port = await portOf(`${protocol} ${client}:4010 > ${second}:80${flags('S')}`);
    expect(port).toBeGreaterThanOrEqual(1_024);
    expect(port).toBeLessThan(32_768);
    expect(port).not.toBe(4_010);
    // Both go on, whoever speaks; what is said again keeps its port.
    for (const [to, from] of [
      [first, 4_010],
      [second, port],
    ] as const)
      await expectAll([
        [
          'in',
          `${protocol} ${client}:4010 > ${to}:80${flags('S')}`,
          `${protocol} ${client}:${from} > ${near}:8080${flags('S')}`,
        ],
        [
          'out',
          `${protocol} ${near}:8080 > ${client}:${from}${flags('SA')}`,
          `${protocol} ${to}:80 > ${client}:4010${flags('SA')}`,
        ],
        [
          'in',
          `${protocol} ${client}:4010 > ${to}:80${flags('A')}`,
          `${protocol} ${client}:${from} > ${near}:8080${flags('A')}`,
        ],
        [
          'out',
          `${protocol} ${near}:8080 > ${client}:${from}${flags('FA')}`,
          `${protocol} ${to}:80 > ${client}:4010${flags('FA')}`,
        ],
        [
          'in',
          `${protocol} ${client}:4010 > ${to}:80${flags('FA')}`,
          `${protocol} ${client}:${from} > ${near}:8080${flags('FA')}`,
        ],
        [
          'out',
          `${protocol} ${near}:8080 > ${client}:${from}${flags('A')}`,
          `${protocol} ${to}:80 > ${client}:4010${flags('A')}`,
        ],
      ]);
    expect(await rows(kernel, 'lb_conntrack')).toHaveLength(4);
  });

  test.each(cases)('$family $protocol: at a backend of another node', async (world) => {
    const { client, vips, far, node, protocol } = world;
    const flags = says(protocol);
    const seen: { vip: string; from: number; sent: string }[] = [];
    for (const vip of vips) {
      const from = await portOf(`${protocol} ${client}:4010 > ${vip}:81${flags('S')}`);
      const sent = await outcomeOf(kernel, 'out', `${protocol} ${client}:${from} > ${far}:8080${flags('S')}`);
      expect(sent.startsWith(`${protocol} ${node}:`)).toBe(true);
      seen.push({ vip, from, sent: sent.split(' ')[1] ?? '' });
    }
    expect(new Set(seen.map(({ from }) => from)).size).toBe(2);
    expect(new Set(seen.map(({ sent }) => sent)).size).toBe(2);
    for (const { vip, from, sent } of seen)
      await expectAll([
        [
          'in',
          `${protocol} ${far}:8080 > ${sent}${flags('SA')}`,
          `${protocol} ${far}:8080 > ${client}:${from}${flags('SA')}`,
        ],
        [
          'out',
          `${protocol} ${far}:8080 > ${client}:${from}${flags('SA')}`,
          `${protocol} ${vip}:81 > ${client}:4010${flags('SA')}`,
        ],
        [
          'in',
          `${protocol} ${client}:4010 > ${vip}:81${flags('A')}`,
          `${protocol} ${client}:${from} > ${far}:8080${flags('A')}`,
        ],
        [
          'out',
          `${protocol} ${client}:${from} > ${far}:8080${flags('A')}`,
          `${protocol} ${sent} > ${far}:8080${flags('A')}`,
        ],
      ]);
    expect(await rows(kernel, 'lb_conntrack')).toHaveLength(8);
  });

  test.each(families)(
    '$family: errors about each reach who sent what they are about, in its words',
    async (world) => {
      const { client, vips, near, far, node, icmp } = world;
      const bare = (address: string) => address.replace(/^\[|\]$/g, '');
      const error = (from: string, to: string, about: string) =>
        encodeIcmpError({ source: bare(from), destination: bare(to) }, icmp, {
          frame: packetOf(about),
          bytes: icmp.quotedBytes,
        });
      const said = `${icmp.type}/${icmp.code}`;
      for (const vip of vips) {
        const from = await portOf(`tcp ${client}:4010 > ${vip}:80 S`);
        // A router does not bring the answer to the client.
        expect(await outcomeOf(kernel, 'in', error(node, vip, `tcp ${vip}:80 > ${client}:4010 SA`))).toBe(
          `icmp ${node} > ${near} ${said} {tcp ${near}:8080 > ${client}:${from}}`,
        );
        // The backend does not want the request.
        expect(
          await outcomeOf(kernel, 'out', error(near, client, `tcp ${client}:${from} > ${near}:8080 S`)),
        ).toBe(`icmp ${vip} > ${client} ${said} {tcp ${client}:4010 > ${vip}:80}`);
        // A router between the nodes.
        const there = await portOf(`tcp ${client}:4010 > ${vip}:81 S`);
        const sent = await outcomeOf(kernel, 'out', `tcp ${client}:${there} > ${far}:8080 S`);
        const { packet } = await run(kernel, 'in', error(near, node, sent));
        expect(describePacket(packet)).toBe(
          `icmp ${near} > ${client} ${said} {tcp ${client}:${there} > ${far}:8080}`,
        );
        expect(await outcomeOf(kernel, 'out', packet)).toBe(
          `icmp ${near} > ${client} ${said} {tcp ${client}:4010 > ${vip}:81}`,
        );
      }
    },
  );

  test('fragments of such datagrams have the port too, and a datagram without a checksum still has none', async () => {
    await outcomeOf(kernel, 'in', 'udp 198.51.100.7:4010 > 203.0.113.1:80');
    const question = 'udp 198.51.100.7:4010 > 203.0.113.2:80';
    const part = (offset: number, bytes: number) =>
      packetOf(question, { payload: new Uint8Array(100), fragment: { id: 3, offset, bytes } });
    const first = await outcomeOf(kernel, 'in', part(0, 48));
    expect(first).toMatch(/^udp 198\.51\.100\.7:\d+ > 10\.244\.1\.2:8080 first$/);
    expect(first).not.toContain(':4010');
    expect(await outcomeOf(kernel, 'in', part(48, 60))).toBe('udp 198.51.100.7 > 10.244.1.2 later');
    const unchecked = await outcomeOf(kernel, 'in', packetOf(question, { isUnchecked: true }));
    expect(`${unchecked} first`).toBe(first.replace(' first', ' unchecked first'));
  });

  test('who comes from the very port that stands for another gets one too, and neither is taken for the other', async () => {
    const to = (vip: string, port: number) => `tcp 198.51.100.7:${port} > ${vip}:80 S`;
    await outcomeOf(kernel, 'in', to('203.0.113.1', 4_010));
    const second = await portOf(to('203.0.113.2', 4_010));
    // By the frontend of the second: the entry of its answers differs in nothing else.
    const third = await portOf(to('203.0.113.2', second));
    expect([4_010, second]).not.toContain(third);
    await expectAll([
      ['out', `tcp 10.244.1.2:8080 > 198.51.100.7:${second} SA`, 'tcp 203.0.113.2:80 > 198.51.100.7:4010 SA'],
      [
        'out',
        `tcp 10.244.1.2:8080 > 198.51.100.7:${third} SA`,
        `tcp 203.0.113.2:80 > 198.51.100.7:${second} SA`,
      ],
    ]);
    expect(await portOf(to('203.0.113.2', 4_010))).toBe(second);
    expect(await portOf(to('203.0.113.2', second))).toBe(third);
  });

  test('when the first has ended its port is the next one’s', async () => {
    await expectAll([
      ['in', 'tcp 198.51.100.7:4010 > 203.0.113.1:80 S', 'tcp 198.51.100.7:4010 > 10.244.1.2:8080 S'],
      ['in', 'tcp 198.51.100.7:4010 > 203.0.113.1:80 R', 'tcp 198.51.100.7:4010 > 10.244.1.2:8080 R'],
      ['in', 'tcp 198.51.100.7:4010 > 203.0.113.2:80 S', 'tcp 198.51.100.7:4010 > 10.244.1.2:8080 S'],
      ['out', 'tcp 10.244.1.2:8080 > 198.51.100.7:4010 SA', 'tcp 203.0.113.2:80 > 198.51.100.7:4010 SA'],
    ]);
  });

  test('where every port is taken it is dropped, and the others go on', async () => {
    await outcomeOf(kernel, 'in', 'tcp 198.51.100.7:4010 > 203.0.113.1:80 S');
    // The answer's entry, which no answer has used, says 0: long ago, where the machine has been up for hours.
    const entry = (await rows(kernel, 'lb_conntrack')).find(({ value }) => value.usedNs > 0n);
    if (entry === undefined) expect.fail('no connection');
    const usedNs = entry.value.usedNs;
    const [client, vip, backend] = ['198.51.100.7', '203.0.113.1', '10.244.1.2'].map(addressBytes);
    if (client === undefined || vip === undefined || backend === undefined) expect.fail('no addresses');
    const value = { set: 1n, usedNs, snatPort: 0, state: 1, otherPort: 0 };
    const { key: keys, value: values } = mapCodecs.lb_conntrack;
    const ports = Array.from({ length: 32_768 - 1_024 }, (_, index) => 1_024 + index);
    const requests = ports.map((port) => ({
      key: { source: client, destination: vip, sourcePort: port, destinationPort: 80, protocol: 6, hook: 0 },
      value: { ...value, address: backend, port: 8_080, flags: 0 },
    }));
    const answers = ports.map((port) => ({
      key: {
        source: backend,
        destination: client,
        sourcePort: 8_080,
        destinationPort: port,
        protocol: 6,
        hook: 1,
      },
      value: { ...value, address: vip, port: 80, flags: 1 },
    }));
    for (const all of [requests, answers])
      await kernel.update('lb_conntrack', {
        keys: encodeRows(
          keys,
          all.map(({ key }) => key),
        ),
        values: encodeRows(
          values,
          all.map((row) => row.value),
        ),
        count: all.length,
      });
    expect(await outcomeOf(kernel, 'in', 'tcp 198.51.100.7:4010 > 203.0.113.2:80 S')).toBe('drop');
    await expectAll([
      ['in', 'tcp 198.51.100.7:4010 > 203.0.113.1:80 A', 'tcp 198.51.100.7:4010 > 10.244.1.2:8080 A'],
      ['out', 'tcp 10.244.1.2:8080 > 198.51.100.7:9000 A', 'tcp 203.0.113.1:80 > 198.51.100.7:9000 A'],
    ]);
  });
});
