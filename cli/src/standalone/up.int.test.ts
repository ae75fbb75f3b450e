// `sluice up` with its real children: what it starts, how it comes back, and what it leaves behind.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { type Backend, LoadGenerator, request, serviceObjects, startBackend, until } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeSharedMemory, sharedMemoryFile } from './shared-memory.ts';
import { Bench, kill9 } from './up.fixture.ts';

const children = ['api-watcher', 'envoy', 'nats', 'translator', 'xds-server'];
const gatewayApi = 'gateway.networking.k8s.io/v1';
const gateway = {
  apiVersion: gatewayApi,
  kind: 'Gateway',
  metadata: { name: 'g' },
  spec: { gatewayClassName: 'cilium', listeners: [{ name: 'web', protocol: 'HTTP', port: 8080 }] },
};
const route = (name: string, path: string) => ({
  apiVersion: gatewayApi,
  kind: 'HTTPRoute',
  metadata: { name },
  spec: {
    parentRefs: [{ name: 'g' }],
    rules: [
      {
        matches: [{ path: { type: 'PathPrefix', value: path } }],
        backendRefs: [{ name: 'backend', port: 8080 }],
      },
    ],
  },
});

let backend: Backend;
beforeAll(async () => {
  backend = await startBackend({ name: 'backend' });
});
afterAll(() => backend[Symbol.asyncDispose]());

function bench(): Bench {
  return new Bench({
    'all.yaml': [gateway, route('r', '/a'), ...serviceObjects({ name: 'backend', endpoints: [backend] })],
    'bad.yaml': 'apiVersion: v1\nkind: Servise\nmetadata: {name: x}\n',
  });
}

async function addressOf(of: Bench, data?: string): Promise<string> {
  const { stdout } = await of.run('get', 'gateways', 'g', '-o', 'json', '--data-dir', of.dataDir(data));
  return (
    (JSON.parse(stdout) as { status: { addresses: { value: string }[] } }).status.addresses[0]?.value ?? ''
  );
}

async function statusOf(address: string, path: string): Promise<number> {
  return (await request({ address, port: 8080, path })).status;
}

describe('an instance', () => {
  let running: Bench;
  let address: string;
  beforeAll(async () => {
    running = bench();
    const up = await running.ready();
    expect(up.log()).toContain(
      'refused Servise/default/x  bad.yaml:2:1: kind: unknown kind (mend: did you mean Service?)',
    );
    address = await addressOf(running);
  });
  afterAll(() => running[Symbol.asyncDispose]());

  it('serves what is asked for, once it says that it is ready', async () => {
    expect(await statusOf(address, '/a')).toBe(200);
    expect(await statusOf(address, '/b')).toBe(404);
    expect(running.alive()).toEqual(children);
  });

  it('is found by the other commands without a word on where it is', async () => {
    const { code, stdout } = await running.run('status', '-o', 'json');
    const status = JSON.parse(stdout) as {
      ok: boolean;
      checks: { id: string; state: string; next: string }[];
    };
    expect(code).toBe(1);
    expect(status.checks.filter(({ state }) => state !== 'ok')).toMatchObject([
      { id: 'refused/Servise/default/x', state: 'fail', next: 'sluice validate manifests/bad.yaml' },
    ]);
  });

  it('keeps others out of its directory, and secrets out of its output', () => {
    const dataDir = running.dataDir();
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    const key = readFileSync(join(dataDir, 'keys', 'secret.key')).toString('hex');
    for (const name of children)
      expect(readFileSync(join(dataDir, 'log', `${name}.log`), 'utf8')).not.toContain(key);
  });

  it('refuses a second `sluice up`, naming the first', async () => {
    const second = await running.up();
    const { code } = await second.exited;
    expect(code).toBe(2);
    expect(second.log()).toMatch(/already up on .* \(pid \d+\)/);
    expect(running.alive()).toEqual(children);
  });

  it.each(children)('starts %s again after kill -9, and changes still come through', async (name) => {
    const old = running.pid(name);
    await kill9(old);
    const path = `/after-${name}`;
    running.write({ 'more.yaml': route('more', path) });
    await until(async () => (await statusOf(address, path)) === 200, {
      timeoutMs: 60_000,
      message: `${path} to be served`,
    });
    expect(running.pid(name)).not.toBe(old);
  });

  it('explains its log, and proves it', async () => {
    const log = await running.run(
      'log',
      '--kind',
      'HTTPRoute',
      '--name',
      'more',
      '--type',
      'ObjectChanged',
      '-o',
      'json',
    );
    const events = log.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; type: string; event: unknown });
    expect(events).toHaveLength(children.length);
    const replay = await running.run('replay', '--verify');
    expect(replay.output).toMatch(/verified/);
    expect(replay.code).toBe(0);
  });

  it('exports a log that replays without it', async () => {
    const file = running.file('history.jsonl');
    expect((await running.run('log', 'export', file)).code).toBe(0);
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain('ciphertext');
    const { code, output } = await running.run('replay', '--verify', '--fixture', file);
    expect(output).toMatch(/verified/);
    expect(code).toBe(0);
  });
});

it('traffic goes on without `sluice up`; the next one takes the living processes over, and ends clean', async () => {
  await using running = bench();
  const first = await running.ready();
  const address = await addressOf(running);
  const pids = children.map((name) => running.pid(name));
  await kill9(first.pid);
  expect(await statusOf(address, '/a')).toBe(200);
  const orphaned = await running.run('status', '-o', 'json');
  expect(orphaned.code).toBe(1);
  expect(orphaned.stdout).toContain('nobody restarts them');
  const second = await running.ready();
  expect(
    children.map((name) => running.pid(name)),
    second.log(),
  ).toEqual(pids);
  second.kill('SIGINT');
  expect(await second.exited).toEqual({ code: 0, signal: null });
  expect(running.alive()).toEqual([]);
  const replay = await running.run('replay', '--verify', '--data-dir', running.dataDir());
  expect(replay.output).toMatch(/verified/);
  expect(running.alive()).toEqual([]);
});

it('replaces an Envoy of another version by hot restart, with no failed request', async () => {
  await using running = bench();
  const first = await running.ready();
  const address = await addressOf(running);
  await using load = new LoadGenerator({
    address,
    port: 8080,
    path: '/a',
    ratePerSecond: 50,
    maxSeconds: 100,
  });
  await kill9(first.pid);
  const file = join(running.dataDir(), 'run', 'envoy.pid');
  const record = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; epoch: number };
  writeFileSync(file, JSON.stringify({ ...record, configHash: 'of an earlier version' }));
  const second = await running.ready();
  const replaced = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; epoch: number };
  expect(replaced).toMatchObject({ epoch: record.epoch + 1 });
  expect(replaced.pid).not.toBe(record.pid);
  running.write({ 'more.yaml': route('more', '/replaced') });
  await until(async () => (await statusOf(address, '/replaced')) === 200, {
    timeoutMs: 60_000,
    message: 'the change to be served',
  });
  // It must not be over before it was asked for anything.
  await until(() => load.answered > 50, { message: 'requests through all of it' });
  const report = await load.stop();
  expect(report.failures).toEqual([]);
  second.kill('SIGINT');
  expect(await second.exited).toMatchObject({ code: 0 });
  expect(running.alive()).toEqual([]);
});

it('a second translator stands by and takes over', async () => {
  await using running = bench();
  const up = await running.ready({ args: ['--replicas', 'translator=2'] });
  const address = await addressOf(running);
  expect(running.alive()).toEqual([...children, 'translator-1'].sort());
  for (const name of ['translator', 'translator-1']) {
    await kill9(running.pid(name));
    running.write({ 'more.yaml': route('more', `/without-${name}`) });
    const served = async () => (await statusOf(address, `/without-${name}`)) === 200;
    await until(served, { timeoutMs: 60_000, message: 'the change to be served' });
  }
  up.kill('SIGINT');
  expect(await up.exited).toMatchObject({ code: 0 });
  expect(running.alive()).toEqual([]);
});

it('`sluice down` stops a living instance, and one whose `sluice up` was killed', async () => {
  await using running = bench();
  const first = await running.ready();
  expect((await running.run('down')).code).toBe(0);
  expect(await first.exited).toMatchObject({ code: 0 });
  expect(running.alive()).toEqual([]);
  const second = await running.ready();
  await kill9(second.pid);
  expect((await running.run('down')).code).toBe(0);
  expect(running.alive()).toEqual([]);
  const { code, output } = await running.run('down');
  expect({ code, output }).toEqual({ code: 2, output: expect.stringContaining('no instance runs') });
});

it('leaves nothing of Envoy in shared memory, and that of a living one alone', async () => {
  await using running = bench();
  const up = await running.ready();
  const layout = { run: join(running.dataDir(), 'run') };
  const memory = () => sharedMemoryFile(layout) ?? '';
  const ofFirst = memory();
  expect(existsSync(ofFirst)).toBe(true);
  removeSharedMemory(layout);
  expect(existsSync(ofFirst)).toBe(true);

  await kill9(running.pid('envoy'));
  await until(() => memory() !== '' && memory() !== ofFirst && existsSync(memory()), {
    timeoutMs: 60_000,
    message: 'another Envoy',
  });
  expect(existsSync(ofFirst)).toBe(false);
  const ofSecond = memory();

  await kill9(up.pid);
  await kill9(running.pid('envoy'));
  expect(existsSync(ofSecond)).toBe(true);
  expect((await running.run('down')).code).toBe(0);
  expect(existsSync(ofSecond)).toBe(false);
});

it('two instances run side by side, each with addresses of its own', async () => {
  await using running = bench();
  await running.ready({ data: 'one' });
  const two = await running.ready({ data: 'two' });
  const [a, b] = [await addressOf(running, 'one'), await addressOf(running, 'two')];
  expect(a).not.toBe(b);
  expect([await statusOf(a, '/a'), await statusOf(b, '/a')]).toEqual([200, 200]);
  const { code, output } = await running.run('status');
  expect(code).toBe(2);
  expect(output).toMatch(/2 instances run: .*--data-dir/s);
  const third = await running.up({ data: 'three', args: ['--pool', '127.80.0.0/16'] });
  expect(await third.exited).toMatchObject({ code: 2 });
  expect(third.log()).toMatch(/overlaps/);
  two.kill('SIGINT');
  two.kill('SIGINT');
  await two.exited;
  expect(running.alive('two')).toEqual([]);
  expect(await statusOf(a, '/a')).toBe(200);
});

/** Listens as soon as the port is free: an outgoing connection of anybody may have it as its own for a moment. */
async function hold(server: Server, port: number): Promise<void> {
  await until(
    () =>
      new Promise<boolean>((resolve) => {
        server.once('error', () => resolve(false));
        server.listen(port, '127.0.0.1', () => resolve(true));
      }),
    { timeoutMs: 20_000, message: `port ${port} to be free` },
  );
}

it('moves NATS when another program has taken its port meanwhile', async () => {
  await using running = bench();
  const up = await running.ready();
  const address = await addressOf(running);
  const dataDir = running.dataDir();
  const { natsPort } = JSON.parse(readFileSync(join(dataDir, 'run', 'instance.json'), 'utf8')) as {
    natsPort: number;
  };
  // The supervisor is stopped while the port changes hands, so that the new holder surely wins.
  process.kill(up.pid, 'SIGSTOP');
  await kill9(running.pid('nats'));
  const holder = createServer((socket) => socket.destroy());
  await hold(holder, natsPort);
  process.kill(up.pid, 'SIGCONT');
  await up.waitForLine(/nats moves to/, 60_000);
  running.write({ 'more.yaml': route('more', '/moved') });
  await until(async () => (await statusOf(address, '/moved')) === 200, {
    timeoutMs: 60_000,
    message: 'the change to be served',
  });
  await new Promise((resolve) => holder.close(resolve));
});
