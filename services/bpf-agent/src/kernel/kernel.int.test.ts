import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeIf, tempDir, until } from '@sluice/testkit';
import { afterEach, expect, test } from 'vitest';
import { elfSection } from '../core/btf/elf-section.ts';
import { mapTypes } from '../core/btf/map-types.ts';
import { KernelError, type KernelFault, type MapRows } from '../core/kernel-port.ts';
import {
  attachedPrograms,
  missingForKernel,
  startTestKernel,
  type TestKernel,
} from '../testing/test-kernel.ts';
import { builtObject, libbpfPaths } from './places.ts';

let running: TestKernel | undefined;
const start = (...options: Parameters<typeof startTestKernel>): TestKernel => {
  running = startTestKernel(...options);
  return running;
};
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

const faultOf = (call: Promise<unknown>): Promise<KernelFault> =>
  call.then(
    () => expect.fail('no fault'),
    (thrown: unknown) => (thrown instanceof KernelError ? thrown.fault : Promise.reject(thrown)),
  );

/** Rows of lb_node_addresses: 16 bytes that count up. */
function addresses(count: number, from = 0): MapRows {
  const keys = new Uint8Array(16 * count);
  const view = new DataView(keys.buffer);
  for (let index = 0; index < count; index += 1) view.setUint32(16 * index + 12, from + index);
  return { keys, values: new Uint8Array(count).fill(1), count };
}

const sorted = ({ keys, count }: MapRows): string[] =>
  Array.from({ length: count }, (_, index) =>
    Buffer.from(keys.subarray(16 * index, 16 * index + 16)).toString('hex'),
  ).sort();

describeIf(missingForKernel())('the kernel, through libbpf in a child process', () => {
  test('every program passes the verifier, far from its limit of 1,000,000 instructions', async () => {
    const { kernel } = start();
    const { outcome, programs, emptied } = await kernel.load();
    expect(outcome).toBe('fresh');
    expect(emptied).toEqual([...mapTypes(readFileSync(builtObject)).keys()]);
    expect(programs.length).toBeGreaterThan(0);
    for (const { name, verifiedInstructions } of programs) {
      console.log(`${name}: ${verifiedInstructions} instructions verified`);
      expect(verifiedInstructions, name).toBeGreaterThan(0);
      expect(verifiedInstructions, name).toBeLessThan(250_000);
    }
  });

  test('rows are written, read and removed in batches; a key that is not there is passed over', async () => {
    const { kernel } = start({ sizes: { lb_node_addresses: 20_000 } });
    await kernel.load();
    await kernel.update('lb_node_addresses', addresses(10_000));
    expect(sorted(await kernel.dump('lb_node_addresses'))).toEqual(sorted(addresses(10_000)));
    // 5,000 of them exist
    await kernel.remove('lb_node_addresses', addresses(10_000, 5_000));
    expect(sorted(await kernel.dump('lb_node_addresses'))).toEqual(sorted(addresses(5_000)));
  });

  test('a full map is told by its name, with what fitted written', async () => {
    const { kernel } = start({ sizes: { lb_node_addresses: 100 } });
    await kernel.load();
    const fault = await faultOf(kernel.update('lb_node_addresses', addresses(101)));
    expect(fault).toMatchObject({ kind: 'map-full', map: 'lb_node_addresses' });
    expect((await kernel.dump('lb_node_addresses')).count).toBe(100);
  });

  test('rows of another size than the map has are refused before they reach the kernel', async () => {
    const { kernel } = start();
    await kernel.load();
    const rows = { keys: new Uint8Array(15), values: new Uint8Array(1), count: 1 };
    expect(await faultOf(kernel.update('lb_node_addresses', rows))).toMatchObject({
      kind: 'failed',
      errno: 22,
    });
  });

  test('Maglev tables of different sizes get into the map of maps by one batch, and can be replaced', async () => {
    const { kernel } = start();
    await kernel.load();
    const sets = (count: number) => Array.from({ length: count }, (_, index) => BigInt(index + 1));
    const tables = (size: number) =>
      sets(300).map((set) => ({ set, slots: new Uint32Array(size + (Number(set) % 7)) }));
    await kernel.updateTables(tables(251));
    const before = await kernel.dump('lb_tables');
    expect(
      [...new BigUint64Array(Uint8Array.from(before.keys).buffer)].sort((a, b) => Number(a - b)),
    ).toEqual(sets(300));
    await kernel.updateTables(tables(509));
    const inner = (rows: MapRows) => new Set(new Uint32Array(Uint8Array.from(rows.values).buffer));
    const known = inner(before);
    expect([...inner(await kernel.dump('lb_tables'))].filter((id) => known.has(id))).toEqual([]);
  });

  test('the child dies: calls that wait are told, later ones are done by the next child, maps are as they were', async () => {
    const deaths: string[] = [];
    const { kernel } = start({ restartMs: 1, onDeath: ({ reason }) => deaths.push(reason) });
    await kernel.load();
    await kernel.update('lb_node_addresses', addresses(3));
    const { pid } = kernel;
    if (pid === undefined) expect.fail('no child');
    // what a NULL followed by libbpf does
    const waiting = faultOf(kernel.probe());
    process.kill(pid, 'SIGSEGV');
    expect(await waiting).toMatchObject({ kind: 'gone' });
    expect((await kernel.dump('lb_node_addresses')).count).toBe(3);
    expect(deaths).toEqual(['the kernel process ended with SIGSEGV']);
    expect(kernel.pid).not.toBe(pid);
  });

  test('an agent that starts again adopts programs, maps and links; a second attachment changes nothing', async () => {
    const { kernel, another, cgroup, pinDirectory } = start();
    const first = await kernel.load();
    await kernel.update('lb_node_addresses', addresses(3));
    await kernel.attach({ kind: 'cgroup', path: cgroup });
    const attached = attachedPrograms(cgroup);
    expect(attached.length).toBeGreaterThanOrEqual(8);
    await kernel.close();
    expect(attachedPrograms(cgroup)).toEqual(attached);
    const next = another();
    try {
      expect(await next.load()).toMatchObject({ outcome: 'adopted', emptied: [], programs: first.programs });
      expect((await next.dump('lb_node_addresses')).count).toBe(3);
      await next.attach({ kind: 'cgroup', path: cgroup });
      expect(attachedPrograms(cgroup)).toEqual(attached);
      await next.detach({ kind: 'cgroup', path: cgroup });
      expect(attachedPrograms(cgroup)).toEqual([]);
      expect(readdirSync(join(pinDirectory, 'links'))).toEqual([]);
    } finally {
      await next.close();
    }
  });

  test('another object takes the place of the first: maps of equal shape are kept, links get their new programs', async () => {
    const { kernel, another, cgroup } = start();
    const first = await kernel.load();
    await kernel.update('lb_node_addresses', addresses(3));
    await kernel.attach({ kind: 'cgroup', path: cgroup });
    const before = attachedPrograms(cgroup);
    await kernel.close();
    // one map has another size, so its shape and the object's hash differ
    const next = another({ sizes: { lb_slots: 17 } });
    try {
      const loaded = await next.load();
      // of the maps that follow from the log none is kept: their rows name each other
      const emptied = ['lb_frontends', 'lb_slots', 'lb_tables', 'lb_source_ranges'];
      expect(loaded).toMatchObject({ outcome: 'replaced', emptied });
      expect(loaded.hash).not.toBe(first.hash);
      expect((await next.dump('lb_node_addresses')).count).toBe(3);
      expect(attachedPrograms(cgroup)).toEqual(before);
      await next.attach({ kind: 'cgroup', path: cgroup });
      const after = attachedPrograms(cgroup);
      expect(after.map(({ attachType }) => attachType)).toEqual(before.map(({ attachType }) => attachType));
      for (const [index, { id }] of after.entries()) expect(id).not.toBe(before[index]?.id);
    } finally {
      await next.close();
    }
  });

  test('a program that the verifier refuses: its name and the words of the verifier', async () => {
    using directory = tempDir();
    const object = directory.file('broken.bpf.o');
    const bytes = readFileSync(builtObject);
    // the program's first instruction becomes r0 = *(u64 *)(r10 + 8), which is beyond its stack
    elfSection(bytes, 'cgroup/connect4').set([0x79, 0xa0, 8, 0, 0, 0, 0, 0]);
    writeFileSync(object, bytes);
    const { kernel } = start({ object });
    const fault = await faultOf(kernel.load());
    if (fault.kind !== 'refused') expect.fail(fault.message);
    expect(fault.program).toBe('lb_connect4');
    expect(fault.log.length).toBeGreaterThan(20);
    expect(fault.message).toMatch(/^the verifier refuses program lb_connect4: .*stack/);
  });

  test('what is missing is named: the object, libbpf, a cgroup, an interface', async () => {
    const { kernel, another } = start();
    const nowhere = another({ object: '/nowhere/lb.bpf.o' });
    const without = another({ libbpf: ['/nowhere/libbpf.so'] });
    try {
      expect(await faultOf(nowhere.load())).toMatchObject({
        kind: 'missing',
        message: expect.stringContaining('npm run bpf'),
      });
      expect(await faultOf(without.probe())).toMatchObject({
        kind: 'missing',
        message: expect.stringContaining('libbpf'),
      });
      await kernel.load();
      expect(await faultOf(kernel.attach({ kind: 'cgroup', path: '/nowhere' }))).toMatchObject({
        kind: 'missing',
      });
    } finally {
      await nowhere.close();
      await without.close();
    }
  });

  test('probing tells each hook, with a reason where it cannot be used', async () => {
    const { kernel } = start();
    const { hooks, libbpf, missingCapabilities } = await kernel.probe();
    expect(libbpf).toMatch(/^v1\./);
    expect(missingCapabilities).toEqual([]);
    expect(hooks.cgroup_connect).toEqual({ available: true });
    for (const state of Object.values(hooks))
      if (!state.available) expect(state.reason.length).toBeGreaterThan(10);
  });

  test('close ends the child and takes nothing away', async () => {
    const { kernel, pinDirectory } = start();
    await kernel.load();
    const { pid } = kernel;
    await kernel.close();
    await until(() => !isAlive(pid), { message: 'the end of the child' });
    expect(readdirSync(join(pinDirectory, 'maps')).length).toBeGreaterThan(5);
    expect(await faultOf(kernel.probe())).toMatchObject({ kind: 'gone' });
  });

  test("the system's libbpf does as well, where there is one", async () => {
    const system = libbpfPaths.filter((path) => !path.includes('/'));
    const { kernel } = start({ libbpf: system });
    const features = await kernel.probe().catch((fault: unknown) => fault);
    if (features instanceof KernelError && features.fault.kind === 'missing') return;
    expect((await kernel.load()).outcome).toBe('fresh');
  });
});

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}
