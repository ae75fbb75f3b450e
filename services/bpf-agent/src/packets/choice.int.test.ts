import { describeIf } from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { addressBytes } from '../core/address.ts';
import type { Kernel } from '../core/kernel-port.ts';
import { put, putNode, putService, rows } from '../testing/map-world.ts';
import { startPacketKernel } from '../testing/packet-kernel.ts';
import { outcomeOf } from '../testing/packet-run.ts';
import { missingForKernel, type TestKernel } from '../testing/test-kernel.ts';

const flag = { sourceRanges: 1, keepClient: 4 };
const backendsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => `10.244.1.${index + 2}:8080`);
/** A table in which each of `count` backends has its turn. */
const tableOf = (size: number, count: number) => Array.from({ length: size }, (_, index) => index % count);

describeIf(missingForKernel())('which backend a connection gets', () => {
  let running: TestKernel;
  let kernel: Kernel;
  beforeAll(async () => {
    running = await startPacketKernel();
    kernel = running.kernel;
  });
  afterAll(() => running?.stop());
  beforeEach(async () => {
    for (const map of ['lb_conntrack', 'lb_affinity'] as const)
      await kernel.remove(map, await kernel.dump(map));
  });

  /** The backend that a packet from this client and port goes to; `drop` where it is dropped. */
  const goesTo = async (packet: {
    client?: string;
    port?: number;
    to: string;
    protocol?: string;
  }): Promise<string> => {
    const { client = '198.51.100.7', port = 4000, to, protocol = 'tcp' } = packet;
    const flags = protocol === 'tcp' ? ' S' : '';
    const outcome = await outcomeOf(kernel, 'in', `${protocol} ${client}:${port} > ${to}${flags}`);
    return outcome.split(' > ')[1]?.split(' ')[0] ?? outcome;
  };
  const ports = (count: number) => Array.from({ length: count }, (_, index) => 10_000 + index);
  const goTo = async (to: string, count: number): Promise<string[]> => {
    const found: string[] = [];
    for (const port of ports(count)) found.push(await goesTo({ port, to }));
    return found;
  };
  const forget = async () => kernel.remove('lb_conntrack', await kernel.dump('lb_conntrack'));

  test('at random each of them has its turn', async () => {
    await putService(kernel, { at: 'tcp 203.0.113.20:80', set: 20n, backends: backendsOf(3) });
    const found = await goTo('203.0.113.20:80', 200);
    expect(new Set(found)).toEqual(new Set(backendsOf(3)));
  });

  test('by Maglev the same client and port always get the same one, behind each address of the Service, and all are used', async () => {
    const service = { set: 21n, backends: backendsOf(5), table: tableOf(251, 5) };
    await putService(kernel, { at: 'tcp 203.0.113.21:80', ...service });
    await putService(kernel, { at: 'tcp 203.0.113.22:80', ...service });
    const first = await goTo('203.0.113.21:80', 300);
    await forget();
    expect(await goTo('203.0.113.21:80', 300)).toEqual(first);
    await forget();
    expect(await goTo('203.0.113.22:80', 300)).toEqual(first);
    const counts = backendsOf(5).map((backend) => first.filter((one) => one === backend).length);
    // 60 each if it were even; for a fair hash one in 10^6 runs has a backend outside of 28–95.
    for (const count of counts) expect(count).toBeGreaterThan(28);
  });

  test('without its table Maglev still finds a backend', async () => {
    const frontend = { algorithm: 1, tableSize: 251 };
    await putService(kernel, { at: 'tcp 203.0.113.23:80', set: 23n, backends: backendsOf(2), frontend });
    expect(backendsOf(2)).toContain(await goesTo({ to: '203.0.113.23:80' }));
  });

  test('a Service changes from random to Maglev while it lives', async () => {
    const at = 'tcp 203.0.113.24:80';
    await putService(kernel, { at, set: 24n, backends: backendsOf(4) });
    await goTo('203.0.113.24:80', 50);
    await putService(kernel, { at, set: 25n, backends: backendsOf(4), table: tableOf(13, 4) });
    await forget();
    const first = await goTo('203.0.113.24:80', 50);
    await forget();
    expect(await goTo('203.0.113.24:80', 50)).toEqual(first);
  });

  test('session affinity: a client keeps its backend through all its ports until it is gone', async () => {
    const at = 'tcp 203.0.113.25:80';
    const frontend = { affinityTimeoutS: 10_800, group: 25n };
    await putService(kernel, { at, set: 26n, backends: backendsOf(8), frontend });
    const [mine = '', ...others] = new Set(await goTo('203.0.113.25:80', 40));
    expect(others).toEqual([]);
    // A set that still has it keeps it; one that has it no more gives another, which is kept then.
    await putService(kernel, { at, set: 27n, backends: [...backendsOf(8), '10.244.1.99:8080'], frontend });
    await forget();
    expect(new Set(await goTo('203.0.113.25:80', 20))).toEqual(new Set([mine]));
    const rest = backendsOf(8).filter((backend) => backend !== mine);
    await putService(kernel, { at, set: 28n, backends: rest, frontend });
    await forget();
    const next = new Set(await goTo('203.0.113.25:80', 20));
    expect(next.size).toBe(1);
    expect(rest).toContain([...next][0]);
  });

  test('affinity ends with its time', async () => {
    const frontend = { affinityTimeoutS: 60, group: 29n };
    await putService(kernel, { at: 'tcp 203.0.113.26:80', set: 29n, backends: backendsOf(200), frontend });
    const mine = await goesTo({ to: '203.0.113.26:80' });
    const [row] = await rows(kernel, 'lb_affinity');
    if (row === undefined) expect.fail('no affinity');
    const usedNs = row.value.usedNs - 61_000_000_000n;
    await put(kernel, 'lb_affinity', { key: row.key, value: { ...row.value, usedNs } });
    await forget();
    const later: string[] = [];
    // One of 200 may be the same again, three times in a row once in 8,000,000 runs.
    for (const port of [4001, 4002, 4003]) {
      await put(kernel, 'lb_affinity', { key: row.key, value: { ...row.value, usedNs } });
      later.push(await goesTo({ port, to: '203.0.113.26:80' }));
    }
    expect(later.some((backend) => backend !== mine)).toBe(true);
  });

  test('source ranges admit and turn away, IPv4 and IPv6; none admits nobody', async () => {
    const frontend = { flags: flag.sourceRanges, group: 0x0123456789abcdefn };
    await putService(kernel, { at: 'tcp 203.0.113.27:80', set: 30n, backends: backendsOf(1), frontend });
    await putService(kernel, {
      at: 'tcp [2001:db8:113::27]:80',
      set: 31n,
      backends: ['[fd44:1::2]:8080'],
      frontend,
    });
    await putService(kernel, {
      at: 'tcp 203.0.113.28:80',
      set: 30n,
      backends: backendsOf(1),
      frontend: { ...frontend, group: 2n },
    });
    const group = new Uint8Array(8);
    new DataView(group.buffer).setBigUint64(0, frontend.group, true);
    for (const [address, bits] of [
      ['192.0.2.0', 96 + 24],
      ['2001:db8:7::', 48],
    ] as const)
      await put(kernel, 'lb_source_ranges', {
        key: { prefixBits: 64 + bits, group, client: addressBytes(address) },
        value: 1,
      });
    expect(await goesTo({ client: '192.0.2.200', to: '203.0.113.27:80' })).toBe('10.244.1.2:8080');
    expect(await goesTo({ client: '192.0.3.200', to: '203.0.113.27:80' })).toBe('drop');
    expect(await goesTo({ client: '[2001:db8:7::1]', to: '[2001:db8:113::27]:80' })).toBe('[fd44:1::2]:8080');
    expect(await goesTo({ client: '[2001:db8:8::1]', to: '[2001:db8:113::27]:80' })).toBe('drop');
    expect(await goesTo({ client: '192.0.2.200', to: '203.0.113.28:80' })).toBe('drop');
  });

  test('a backend leaves: what is established stays with it, what waits and datagrams go to another', async () => {
    const [at, udp] = ['tcp 203.0.113.29:80', 'udp 203.0.113.29:53'];
    await putService(kernel, { at, set: 32n, backends: ['10.244.1.2:8080'] });
    await putService(kernel, { at: udp, set: 32n, backends: ['10.244.1.2:8080'] });
    const to = '203.0.113.29:80';
    await goesTo({ port: 5000, to });
    await outcomeOf(kernel, 'out', 'tcp 10.244.1.2:8080 > 198.51.100.7:5000 SA');
    await goesTo({ port: 5001, to });
    await goesTo({ port: 5002, to: '203.0.113.29:53', protocol: 'udp' });
    await putService(kernel, { at, set: 33n, backends: ['10.244.1.3:8080'] });
    await putService(kernel, { at: udp, set: 33n, backends: ['10.244.1.3:8080'] });
    const established = await outcomeOf(kernel, 'in', `tcp 198.51.100.7:5000 > ${to} A`);
    expect(established).toBe('tcp 198.51.100.7:5000 > 10.244.1.2:8080 A');
    expect(await goesTo({ port: 5001, to })).toBe('10.244.1.3:8080');
    expect(await goesTo({ port: 5002, to: '203.0.113.29:53', protocol: 'udp' })).toBe('10.244.1.3:8080');
  });

  test('among 1,000 backends each can be chosen, and is found again in the set that comes next', async () => {
    const at = 'udp 203.0.113.33:53';
    const backends = Array.from({ length: 1_000 }, (_, index) => `10.245.${index >> 8}.${index & 255}:5353`);
    await putService(kernel, { at, set: 40n, backends });
    const question = { port: 6_000, to: '203.0.113.33:53', protocol: 'udp' };
    const mine = await goesTo(question);
    expect(backends).toContain(mine);
    // Mine is the last of the next set, so that all of it is looked through.
    await putService(kernel, { at, set: 41n, backends: [...backends.filter((one) => one !== mine), mine] });
    expect(await goesTo(question)).toBe(mine);
    await putService(kernel, { at, set: 42n, backends: backends.filter((one) => one !== mine) });
    expect(await goesTo(question)).not.toBe(mine);
  });

  test('a set that was just taken away is looked for once more; without any the packet is dropped', async () => {
    await putService(kernel, { at: 'tcp 203.0.113.30:80', set: 34n, frontend: { count: 3 } });
    expect(await goesTo({ to: '203.0.113.30:80' })).toBe('drop');
  });

  test('a backend on another node needs this node’s address and a free port; externalTrafficPolicy Local keeps the client’s', async () => {
    const service = { set: 35n, backends: ['10.244.2.2:8080*'] };
    await putService(kernel, { at: 'tcp 203.0.113.31:80', ...service });
    await putService(kernel, { at: 'tcp 203.0.113.32:80', ...service, frontend: { flags: flag.keepClient } });
    await putNode(kernel, { nodeIpv4: new Uint8Array(16) });
    expect(await goesTo({ to: '203.0.113.31:80' })).toBe('drop');
    expect(await goesTo({ port: 4001, to: '203.0.113.32:80' })).toBe('10.244.2.2:8080');
    const passed = 'tcp 198.51.100.7:4001 > 10.244.2.2:8080 S';
    expect(await outcomeOf(kernel, 'out', passed)).toBe(passed);
    await putNode(kernel, { snatPortMin: 1024, snatPortMax: 1323 });
    const found = await goTo('203.0.113.31:80', 200);
    expect(found.every((backend) => backend === '10.244.2.2:8080')).toBe(true);
    const used = (await rows(kernel, 'lb_conntrack'))
      .map(({ key }) => key.destinationPort)
      .filter((port) => port < 1324 && port >= 1024);
    expect(new Set(used).size).toBe(200);
  });
});
