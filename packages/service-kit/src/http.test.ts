import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Health } from './health.ts';
import { type OpsServer, startOpsServer } from './http.ts';
import { createRegistry } from './metrics.ts';

let dir: string;
let server: OpsServer | undefined;
const health = new Health();
const registry = createRegistry('unit', '1.2.3');

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sk-'));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(dir, { recursive: true, force: true });
});

type Target = ({ socketPath: string } | { host: string; port: number }) & { method?: string };

async function get(path: string, target: Target) {
  const sent = request({ path, ...target }).end();
  const [response] = await once(sent, 'response');
  return { status: response.statusCode as number, body: await text(response) };
}

/** A process that binds a Unix socket and is killed, so that the file stays behind. */
async function leaveSocketBehind(path: string): Promise<void> {
  const script = `require('net').createServer().listen(process.argv[1], () => console.log('up'))`;
  const child: ChildProcess = spawn(process.execPath, ['-e', script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('no stdout');
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('on a Unix socket', () => {
  it('makes a socket for its owner alone and removes it at the end', async () => {
    const path = join(dir, 'ops.sock');
    const before = process.umask();
    server = await startOpsServer({ listen: { kind: 'unix', path }, health, registry });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(process.umask()).toBe(before);
    expect((await get('/healthz', { socketPath: path })).status).toBe(200);
    await server.close();
    server = undefined;
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('replaces the socket of a process that was killed', async () => {
    const path = join(dir, 'ops.sock');
    await leaveSocketBehind(path);
    expect(statSync(path).isSocket()).toBe(true);
    server = await startOpsServer({ listen: { kind: 'unix', path }, health, registry });
    expect((await get('/healthz', { socketPath: path })).status).toBe(200);
  });

  it('does not take the socket of a living process', async () => {
    const listen = { kind: 'unix', path: join(dir, 'ops.sock') } as const;
    server = await startOpsServer({ listen, health, registry });
    await expect(startOpsServer({ listen, health, registry })).rejects.toMatchObject({
      code: 'address-in-use',
    });
    expect((await get('/healthz', { socketPath: listen.path })).status).toBe(200);
  });

  it('says that a directory is missing', async () => {
    const listen = { kind: 'unix', path: join(dir, 'none', 'ops.sock') } as const;
    await expect(startOpsServer({ listen, health, registry })).rejects.toMatchObject({
      code: 'address-unusable',
    });
  });
});

describe('on TCP', () => {
  it('shows checks, and metrics with what is running', async () => {
    server = await startOpsServer({ listen: { kind: 'tcp', host: '127.0.0.1', port: 0 }, health, registry });
    const target = { host: '127.0.0.1', port: Number(server.address.split(':').at(-1)) };
    health.set('log', false, 'no connection');
    const waiting = await get('/readyz', target);
    expect(waiting.status).toBe(503);
    expect(JSON.parse(waiting.body)).toEqual({
      ready: false,
      checks: [{ name: 'log', ok: false, detail: 'no connection' }],
      failing: ['log'],
      degraded: [],
    });
    health.set('log', true);
    expect((await get('/readyz', target)).status).toBe(200);
    const metrics = (await get('/metrics', target)).body;
    expect(metrics).toContain(
      `sluice_build_info{service="unit",version="1.2.3",node="${process.version}"} 1`,
    );
    expect(metrics).toMatch(/^nodejs_eventloop_lag_seconds [\d.]+$/m);
    expect(metrics).toMatch(/^nodejs_eventloop_utilization [\d.]+$/m);
    expect(metrics).toMatch(/^process_cpu_seconds_total [\d.]+$/m);
  });

  it('answers nothing else', async () => {
    server = await startOpsServer({ listen: { kind: 'tcp', host: '127.0.0.1', port: 0 }, health, registry });
    const target = { host: '127.0.0.1', port: Number(server.address.split(':').at(-1)) };
    expect((await get('/', target)).status).toBe(404);
    expect((await get('/healthz/..', target)).status).toBe(404);
    expect((await get('/healthz?verbose', target)).status).toBe(200);
    expect((await get('/healthz', { ...target, method: 'POST' })).status).toBe(405);
    expect(await get('/healthz', { ...target, method: 'HEAD' })).toEqual({ status: 200, body: '' });
  });

  it('ends connections that are kept open when it closes', async () => {
    const closing = await startOpsServer({
      listen: { kind: 'tcp', host: '127.0.0.1', port: 0 },
      health,
      registry,
    });
    const socket = connect(Number(closing.address.split(':').at(-1)), '127.0.0.1');
    await once(socket, 'connect');
    const ended = once(socket, 'close');
    await closing.close();
    await ended;
  });

  it('refuses a port that is taken', async () => {
    server = await startOpsServer({ listen: { kind: 'tcp', host: '127.0.0.1', port: 0 }, health, registry });
    const listen = {
      kind: 'tcp',
      host: '127.0.0.1',
      port: Number(server.address.split(':').at(-1)),
    } as const;
    await expect(startOpsServer({ listen, health, registry })).rejects.toMatchObject({
      code: 'address-in-use',
    });
  });
});
