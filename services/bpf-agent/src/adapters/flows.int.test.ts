// Flows of real connections: a client in a cgroup of its own, the real programs, a real NATS server.
import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { connectEventLog } from '@sluice/event-log';
import { decodeFlowBatch, type Flow, type FlowBatch, flowFilter } from '@sluice/events';
import { describeIf, startNats, until } from '@sluice/testkit';
import { afterEach, expect, test } from 'vitest';
import { addressBytes } from '../core/address.ts';
import { eventMask } from '../core/flows.ts';
import type { MapName } from '../core/kernel-port.ts';
import { mapCodecs } from '../core/layout/maps.ts';
import { encodeRows, type StructCodec } from '../core/struct-codec.ts';
import type { ChildKernel } from '../kernel/child-kernel.ts';
import { missingForKernel, startTestKernel, type TestKernel } from '../testing/test-kernel.ts';
import { FlowPublisher } from './flow-publisher.ts';

const vip = '192.0.2.10';
const tcp = 6;
const allKinds = ['translated', 'connection', 'dropped'] as const satisfies readonly Flow['type'][];

/** One row. */
async function put<K, V>(
  kernel: ChildKernel,
  map: MapName,
  { key, value }: { readonly key: StructCodec<K>; readonly value: StructCodec<V> },
  [k, v]: readonly [K, V],
): Promise<void> {
  await kernel.update(map, { keys: encodeRows(key, [k]), values: encodeRows(value, [v]), count: 1 });
}

/** A Service at port 80 of the VIP with this backend, and one at port 81 that has none; the programs tell all they see. */
async function writeServices(kernel: ChildKernel, backendPort: number): Promise<void> {
  const key = { address: addressBytes(vip), protocol: tcp, scope: 0 };
  const value = { set: 0n, group: 1n, count: 0, affinityTimeoutS: 0, tableSize: 0, algorithm: 0, flags: 0 };
  const { lb_slots, lb_frontends, lb_settings } = mapCodecs;
  const backend = { address: addressBytes('127.0.0.1'), port: backendPort, flags: 1 };
  await put(kernel, 'lb_slots', lb_slots, [{ set: 9n, slot: 0 }, backend]);
  await put(kernel, 'lb_frontends', lb_frontends, [
    { ...key, port: 80 },
    { ...value, set: 9n, count: 1 },
  ]);
  await put(kernel, 'lb_frontends', lb_frontends, [{ ...key, port: 81 }, value]);
  const node = { nodeIpv4: new Uint8Array(16), nodeIpv6: new Uint8Array(16), hashSeed: 0 };
  const settings = { ...node, snatPortMin: 0, snatPortMax: 0, hasPeers: 0, events: eventMask(allKinds) };
  await put(kernel, 'lb_settings', lb_settings, [0, settings]);
}

const client = `
  const net = require('node:net');
  const [address, port, count] = process.argv.slice(1);
  const once = () => new Promise((resolve) => {
    const socket = net.connect({ host: address, port: Number(port) });
    socket.on('connect', () => socket.end());
    socket.on('error', (error) => resolve(error.code));
    socket.on('close', () => resolve('connected'));
    socket.resume();
  });
  (async () => { for (let i = 0; i < Number(count); i++) process.stdout.write(await once() + '\\n'); })();
`;

/** What each of `count` connections from within the cgroup ended with. */
async function connectFrom(cgroup: string, port: number, count = 1): Promise<string[]> {
  const script = 'echo $$ > "$0/cgroup.procs" && exec "$@"';
  const args = ['-c', script, cgroup, process.execPath, '-e', client, vip, `${port}`, `${count}`];
  // the backend is in this process, so that it must not wait for the client without turning
  const { stdout } = await promisify(execFile)('sh', args);
  return stdout.trim().split('\n');
}

let running: TestKernel | undefined;
let cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  cleanups = [];
  await running?.stop();
  running = undefined;
});

/** Accepts and says nothing; gives its port. */
async function startBackend(): Promise<number> {
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describeIf(missingForKernel())('flows', () => {
  test('translated and refused connections are heard on NATS, also of a kernel process that was started again', async () => {
    running = startTestKernel({ restartMs: 1 });
    const { kernel, cgroup } = running;
    await kernel.load();
    const backendPort = await startBackend();
    await writeServices(kernel, backendPort);
    await kernel.attach({ kind: 'cgroup', path: cgroup });
    const nats = await startNats();
    cleanups.push(() => nats[Symbol.asyncDispose]());
    const log = await connectEventLog({ url: nats.url, name: 'flows' });
    cleanups.push(() => log.close());
    const heard: FlowBatch[] = [];
    log.listen(flowFilter, (data) => void heard.push(decodeFlowBatch(data)));
    const publisher = new FlowPublisher({ log, kernel, node: 'n1' });
    publisher.start();
    cleanups.push(
      () => publisher.stop(),
      () => kernel.close(),
    );

    expect(await connectFrom(cgroup, 80)).toEqual(['connected']);
    expect(await connectFrom(cgroup, 81)).toEqual(['ECONNREFUSED']);
    const flows = () => heard.flatMap((batch) => batch.flows);
    await until(() => flows().length === 2);
    const [translated, dropped] = flows();
    const common = { at: 'socket', protocol: 'TCP' };
    expect(translated).toMatchObject({
      ...{ ...common, type: 'translated', frontend: { address: vip, port: 80 } },
      backend: { address: '127.0.0.1', port: backendPort },
    });
    expect(Math.abs((translated?.timeMs ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(dropped).toMatchObject({
      ...common,
      type: 'dropped',
      reason: 'no-backend',
      frontend: { port: 81 },
    });
    expect(heard.at(-1)).toMatchObject({ node: 'n1', lost: 0, unsent: 0 });

    const { pid } = kernel;
    if (pid === undefined) expect.fail('no child');
    process.kill(pid, 'SIGKILL');
    expect(await connectFrom(cgroup, 80)).toEqual(['connected']);
    await until(() => flows().length === 3);
  });

  test('what the ring buffer had no room for is counted, exactly', async () => {
    // one page has room for 46 records
    running = startTestKernel({ sizes: { lb_events: 4_096 } });
    const { kernel, cgroup } = running;
    await kernel.load();
    await writeServices(kernel, await startBackend());
    await kernel.attach({ kind: 'cgroup', path: cgroup });
    const connections = 150;
    expect(await connectFrom(cgroup, 80, connections)).toEqual(Array(connections).fill('connected'));
    const lost = Number(await kernel.lost());
    expect(lost).toBe(connections - 46);
    let delivered = 0;
    for await (const records of kernel.events()) {
      delivered += records.length;
      if (delivered + lost >= connections) break;
    }
    expect(delivered + lost).toBe(connections);
  });
});
