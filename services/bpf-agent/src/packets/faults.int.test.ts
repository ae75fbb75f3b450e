import { describeIf } from '@sluice/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Kernel } from '../core/kernel-port.ts';
import { putService } from '../testing/map-world.ts';
import { encodeIcmpError, type PacketFields } from '../testing/packet.ts';
import { startPacketKernel } from '../testing/packet-kernel.ts';
import { outcomeOf, run } from '../testing/packet-run.ts';
import { describePacket, packetOf } from '../testing/packet-text.ts';
import { missingForKernel, type TestKernel } from '../testing/test-kernel.ts';

const client = '198.51.100.7';
const ethernetBytes = 14;

/** What no translation towards a backend may change: all but the destination's address and port, and checksums. */
function withoutDestination(frame: Uint8Array): Buffer {
  const rest = Buffer.from(frame);
  const ip = rest.subarray(ethernetBytes);
  const isIpv4 = ip.readUInt8(0) >> 4 === 4;
  let at = isIpv4 ? (ip.readUInt8(0) & 15) * 4 : 40;
  let next = ip.readUInt8(isIpv4 ? 9 : 6);
  let isLater = isIpv4 && (ip.readUInt16BE(6) & 0x1fff) !== 0;
  while (!isIpv4 && !isLater && [0, 43, 44, 60].includes(next)) {
    isLater = next === 44 && (ip.readUInt16BE(at + 2) & 0xfff8) !== 0;
    const bytes = next === 44 ? 8 : (ip.readUInt8(at + 1) + 1) * 8;
    next = ip.readUInt8(at);
    at += bytes;
  }
  ip.fill(0, isIpv4 ? 16 : 24, isIpv4 ? 20 : 40);
  if (isIpv4) ip.fill(0, 10, 12);
  if (isLater) return rest;
  ip.fill(0, at + 2, at + 4);
  const checksumAt = at + (next === 6 ? 16 : 6);
  ip.fill(0, checksumAt, checksumAt + 2);
  return rest;
}

describeIf(missingForKernel())('packets that are not as they should be', () => {
  let running: TestKernel;
  let kernel: Kernel;
  beforeAll(async () => {
    running = await startPacketKernel();
    kernel = running.kernel;
    const local = [
      'tcp 203.0.113.1:80',
      'udp 203.0.113.1:53',
      'tcp [2001:db8:113::1]:80',
      'udp [2001:db8:113::1]:53',
    ];
    for (const [index, at] of local.entries()) {
      const backends = [`${at.includes('[') ? '[fd44:1::2]' : '10.244.1.2'}:8080`];
      await putService(kernel, { at, set: BigInt(index + 1), backends });
    }
    await putService(kernel, { at: 'tcp 203.0.113.2:80', set: 11n, backends: ['10.244.2.2:8080*'] });
    await putService(kernel, { at: 'tcp [2001:db8:113::2]:80', set: 12n, backends: ['[fd44:2::2]:8080*'] });
    await putService(kernel, { at: 'tcp 203.0.113.9:80', set: 0n });
  });
  afterAll(() => running?.stop());
  beforeEach(async () => {
    for (const map of ['lb_conntrack', 'lb_fragments'] as const)
      await kernel.remove(map, await kernel.dump(map));
  });

  const untouched = async (frame: Uint8Array): Promise<void> => {
    const { verdict, packet } = await run(kernel, 'in', frame);
    expect(verdict).toBe('next');
    expect(Buffer.from(packet).equals(frame)).toBe(true);
  };
  const changed = (frame: Uint8Array, at: number, ...bytes: readonly number[]): Uint8Array => {
    const copy = Uint8Array.from(frame);
    copy.set(bytes, ethernetBytes + at);
    return copy;
  };
  const toService = [
    `tcp ${client}:4000 > 203.0.113.1:80 S`,
    `udp ${client}:4000 > 203.0.113.1:53`,
    'tcp [2001:db8::7]:4000 > [2001:db8:113::1]:80 S',
    'udp [2001:db8::7]:4000 > [2001:db8:113::1]:53',
  ];

  test.each(toService)('cut off anywhere it is left alone: %s', async (text) => {
    const frame = packetOf(text);
    // The kernel runs no shorter ones: bpf_prog_test_run_skb() wants an IP header.
    const shortest = ethernetBytes + (text.includes('[') ? 40 : 20);
    for (let length = shortest; length < frame.length; length += 1)
      await untouched(frame.subarray(0, length));
    expect(await outcomeOf(kernel, 'in', frame)).toMatch(/10\.244\.1\.2|fd44:1::2/);
  });

  test('headers that contradict themselves are left alone', async () => {
    const frame = packetOf(`tcp ${client}:4000 > 203.0.113.1:80 S`);
    await untouched(changed(frame, 0, 0x55));
    await untouched(changed(frame, 0, 0x44));
    await untouched(changed(frame, 0, 0x4f));
    await untouched(changed(frame, 2, 0, 19));
    await untouched(changed(frame, 2, 0xff, 0xff));
    const frame6 = packetOf('tcp [2001:db8::7]:4000 > [2001:db8:113::1]:80 S');
    await untouched(changed(frame6, 0, 0x40));
    await untouched(changed(frame6, 4, 0xff, 0xff));
  });

  const fragments = (text: string, id: number): Uint8Array[] => {
    const payload = new Uint8Array(100).fill(7);
    const part = (offset: number, bytes: number): Partial<PacketFields> => ({
      payload,
      fragment: { id, offset, bytes },
    });
    return [packetOf(text, part(0, 48)), packetOf(text, part(48, 32)), packetOf(text, part(80, 28))];
  };

  /** Each way that headers can stand before the ports, and the parts of a fragmented datagram. */
  const shapes = () => {
    const [udp4 = '', udp6 = ''] = toService.filter((text) => text.startsWith('udp'));
    const [tcp4 = '', tcp6 = ''] = toService.filter((text) => text.startsWith('tcp'));
    return [
      ...toService.map((text) => packetOf(text)),
      packetOf(tcp4, { options: new Uint8Array(8).fill(1) }),
      packetOf(tcp6, { options: Uint8Array.from([6, 0, 1, 4, 0, 0, 0, 0]), next: 60 }),
      ...[udp4, udp6].flatMap((text) => fragments(text, 9)),
    ];
  };

  test('whatever stands in a packet, it comes out as it was or as one to a backend, with checksums as right as they were', async () => {
    const frames = shapes();
    for (const frame of frames) await run(kernel, 'in', frame);
    const where = fc.tuple(fc.nat({ max: 79 }), fc.nat({ max: 255 }));
    const given = fc.tuple(
      fc.nat({ max: frames.length - 1 }),
      fc.array(where, { minLength: 0, maxLength: 4 }),
    );
    await fc.assert(
      fc.asyncProperty(given, async ([which, changes]) => {
        const frame = Uint8Array.from(frames[which] ?? []);
        for (const [at, byte] of changes)
          if (at < frame.length - ethernetBytes) frame[ethernetBytes + at] = byte;
        const { verdict, packet } = await run(kernel, 'in', frame);
        expect(['next', 'drop', 'back']).toContain(verdict);
        if (verdict !== 'next' || Buffer.from(packet).equals(frame)) return;
        expect(withoutDestination(packet)).toEqual(withoutDestination(frame));
        const faults = (bytes: Uint8Array) => describePacket(bytes).match(/\(bad \w+ checksum\)/g) ?? [];
        expect(faults(packet)).toEqual(faults(frame));
        // A byte may turn the address into that of the Service whose backend is on another node.
        expect(describePacket(packet)).toMatch(/10\.244\.[12]\.2|fd44:[12]::2/);
      }),
      { numRuns: 2_000 },
    );
  });

  test('IP options, extension headers and the padding of short frames do not hinder', async () => {
    const noOperation = new Uint8Array(8).fill(1);
    const one = packetOf(`tcp ${client}:4000 > 203.0.113.1:80 S`, { options: noOperation });
    expect(await outcomeOf(kernel, 'in', one)).toBe(`tcp ${client}:4000 > 10.244.1.2:8080 S`);
    // Destination options with PadN of 4 (RFC 8200, section 4.2), and TCP behind.
    const six = 'tcp [2001:db8::7]:4000 > [2001:db8:113::1]:80 S';
    const padding = (next: number) => [next, 0, 1, 4, 0, 0, 0, 0];
    const behind = Uint8Array.from([...padding(60), ...padding(6)]);
    const two = packetOf(six, { options: behind, next: 0 });
    expect(await outcomeOf(kernel, 'in', two)).toBe('tcp [2001:db8::7]:4000 > [fd44:1::2]:8080 S');
    const many = Uint8Array.from([60, 60, 60, 60, 60, 60, 6].flatMap(padding));
    await untouched(packetOf(six, { options: many, next: 60 }));
    const short = Buffer.concat([packetOf(`tcp ${client}:4001 > 203.0.113.1:80 S`), new Uint8Array(6)]);
    expect(await outcomeOf(kernel, 'in', short)).toBe(`tcp ${client}:4001 > 10.244.1.2:8080 S`);
  });

  test('a datagram without a checksum has none afterwards', async () => {
    const frame = packetOf(`udp ${client}:4000 > 203.0.113.1:53`, { isUnchecked: true });
    expect(await outcomeOf(kernel, 'in', frame)).toBe(`udp ${client}:4000 > 10.244.1.2:8080 unchecked`);
  });

  test('fragments go where their first one goes, and come back as it does', async () => {
    for (const [from, to, backend] of [
      [`${client}:4000`, '203.0.113.1:53', '10.244.1.2:8080'],
      ['[2001:db8::7]:4000', '[2001:db8:113::1]:53', '[fd44:1::2]:8080'],
    ] as const) {
      const bare = (end: string) => end.slice(0, end.lastIndexOf(':'));
      const [first, ...later] = fragments(`udp ${from} > ${to}`, 9);
      if (first === undefined) throw new Error('no fragments');
      for (const early of later) await untouched(early);
      expect(await outcomeOf(kernel, 'in', first)).toBe(`udp ${from} > ${backend} first`);
      for (const frame of later)
        expect(await outcomeOf(kernel, 'in', frame)).toBe(`udp ${bare(from)} > ${bare(backend)} later`);
      const [answer, ...rest] = fragments(`udp ${backend} > ${from}`, 5);
      expect(await outcomeOf(kernel, 'out', answer ?? '')).toBe(`udp ${to} > ${from} first`);
      for (const frame of rest)
        expect(await outcomeOf(kernel, 'out', frame)).toBe(`udp ${bare(to)} > ${bare(from)} later`);
    }
  });

  test('fragments put together again have the right checksum', async () => {
    const parts = await Promise.all(
      fragments(`udp ${client}:4000 > 203.0.113.1:53`, 3).map(
        async (frame) => (await run(kernel, 'in', frame)).packet,
      ),
    );
    const whole = Buffer.concat(parts.map((part, index) => part.subarray(index === 0 ? 0 : 34)));
    whole.writeUInt16BE(whole.length - ethernetBytes, 16);
    whole.writeUInt16BE(0, 20);
    expect(describePacket(whole)).toBe(`udp ${client}:4000 > 10.244.1.2:8080 (bad ip checksum)`);
  });

  test('a first fragment without its whole TCP header is left alone', async () => {
    const payload = new Uint8Array(64);
    const fragment = { id: 4, offset: 0, bytes: 16 };
    await untouched(packetOf(`tcp ${client}:4000 > 203.0.113.1:80 S`, { payload, fragment }));
  });

  test('a reset covers what came, data and padding included', async () => {
    const frame = packetOf(`tcp ${client}:4000 > 203.0.113.9:80 S`, {
      sequence: 0xfffffff0,
      payload: new Uint8Array(32),
    });
    const { packet } = await run(kernel, 'in', Buffer.concat([frame, new Uint8Array(4)]));
    expect(describePacket(packet)).toBe(`tcp 203.0.113.9:80 > ${client}:4000 RA`);
    const tcp = Buffer.from(packet).subarray(34);
    expect([tcp.readUInt32BE(4), tcp.readUInt32BE(8)]).toEqual([0, (0xfffffff0 + 33) % 2 ** 32]);
  });

  test.each([
    {
      family: 'IPv4',
      ends: { client, router: '192.0.2.254', near: '203.0.113.1', far: '203.0.113.2', node: '172.31.0.1' },
      backends: { near: '10.244.1.2', far: '10.244.2.2' },
      unreachable: { type: 3, code: 1 },
      quotedBytes: 28,
    },
    {
      family: 'IPv6',
      ends: {
        client: '2001:db8::7',
        router: '2001:db8:9::1',
        near: '2001:db8:113::1',
        far: '2001:db8:113::2',
        node: 'fd31::1',
      },
      backends: { near: 'fd44:1::2', far: 'fd44:2::2' },
      unreachable: { type: 1, code: 3 },
      quotedBytes: 60,
    },
  ])('ICMP errors reach who sent what they are about, in its words ($family)', async (world) => {
    const { ends, backends, unreachable, quotedBytes } = world;
    const at = (address: string, port: number) =>
      address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
    const bare = (address: string) => (address.includes(':') ? `[${address}]` : address);
    const code = `${unreachable.type}/${unreachable.code}`;
    const error = (from: string, to: string, about: string) =>
      encodeIcmpError({ source: from, destination: to }, unreachable, {
        frame: packetOf(about),
        bytes: quotedBytes,
      });

    await run(kernel, 'in', `tcp ${at(ends.client, 4000)} > ${at(ends.near, 80)} S`);
    // A router cannot bring the answer to the client: the backend is told.
    const answer = `tcp ${at(ends.near, 80)} > ${at(ends.client, 4000)} SA`;
    expect(await outcomeOf(kernel, 'in', error(ends.router, ends.near, answer))).toBe(
      `icmp ${bare(ends.router)} > ${bare(backends.near)} ${code} {tcp ${at(backends.near, 8080)} > ${at(ends.client, 4000)}}`,
    );
    // The backend does not want the request: the client is told, by the Service.
    const request = `tcp ${at(ends.client, 4000)} > ${at(backends.near, 8080)} S`;
    expect(await outcomeOf(kernel, 'out', error(backends.near, ends.client, request))).toBe(
      `icmp ${bare(ends.near)} > ${bare(ends.client)} ${code} {tcp ${at(ends.client, 4000)} > ${at(ends.near, 80)}}`,
    );
    // A router between the nodes: its own address stays, both hooks take part.
    await run(kernel, 'in', `tcp ${at(ends.client, 4001)} > ${at(ends.far, 80)} S`);
    const sent = `tcp ${at(ends.node, 2000)} > ${at(backends.far, 8080)} S`;
    const { packet } = await run(kernel, 'in', error(ends.router, ends.node, sent));
    expect(describePacket(packet)).toBe(
      `icmp ${bare(ends.router)} > ${bare(ends.client)} ${code} {tcp ${at(ends.client, 4001)} > ${at(backends.far, 8080)}}`,
    );
    expect(await outcomeOf(kernel, 'out', packet)).toBe(
      `icmp ${bare(ends.router)} > ${bare(ends.client)} ${code} {tcp ${at(ends.client, 4001)} > ${at(ends.far, 80)}}`,
    );
    // About a connection that is not known, and cut off inside of what it quotes.
    await untouched(error(ends.router, ends.near, `tcp ${at(ends.near, 80)} > ${at(ends.client, 4999)} SA`));
    const whole = error(ends.router, ends.near, answer);
    for (let cut = 1; cut <= 8; cut += 1) await untouched(whole.subarray(0, whole.length - cut));
  });
});
