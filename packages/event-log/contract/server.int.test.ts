import { access, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  connectEventLog,
  type LogLogger,
  type NatsServer,
  natsServerConfig,
  startNatsServer,
} from '../src/index.ts';
import { Collector, events, facts, openWith } from './harness.ts';
import { natsBinary } from './jetstream-world.ts';

let dir: string;
const servers: NatsServer[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-nats-'));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.kill()));
  await rm(dir, { recursive: true, force: true });
});

async function start(inDir = dir): Promise<NatsServer> {
  const server = await startNatsServer({ binary: natsBinary, dir: inDir });
  servers.push(server);
  return server;
}

/** Starts the program again with one setting of its configuration changed. */
async function startWith(change: (config: string) => string): Promise<NatsServer> {
  const { spawn } = await import('node:child_process');
  const first = await start();
  await first.stop();
  const file = join(dir, 'changed.conf');
  const port = Number(new URL(first.url).port);
  const monitorPort = Number(new URL(first.monitorUrl).port);
  await writeFile(
    file,
    change(natsServerConfig({ host: '127.0.0.1', port, monitorPort, storeDir: first.storeDir, users: [] })),
  );
  const child = spawn(natsBinary, ['-c', file], { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  const kill = (): Promise<void> => {
    child.kill('SIGKILL');
    return exited;
  };
  const server = { ...first, pid: child.pid ?? 0, exited, kill, stop: kill };
  servers.push(server);
  return server;
}

it('takes a path with the signs of the configuration language as it is', async () => {
  const odd = join(dir, 'a "quoted" \\ $HOME #x {y}\n');
  const server = await start(odd);
  const log = await connectEventLog({ url: server.url, monitorUrl: server.monitorUrl, name: 'test' });
  await log.ensureStream(facts);
  await log.close();
  await access(join(odd, 'store', 'jetstream', '$G', 'streams', 'FACTS'));
  expect((await stat(join(odd, 'nats.conf'))).mode & 0o777).toBe(0o600);
});

it('refuses a server that does not sync each write, and only warns where it cannot look', async () => {
  const server = await startWith((config) => config.replace('"always"', '"2m"'));
  await expect(
    connectEventLog({ url: server.url, monitorUrl: server.monitorUrl, name: 'test' }),
  ).rejects.toMatchObject({ code: 'server-unsafe', message: expect.stringContaining('sync') });
  const warnings: string[] = [];
  const note = (): void => {};
  const logger: LogLogger = {
    debug: note,
    info: note,
    error: note,
    warn: (_, message) => warnings.push(message),
  };
  const log = await connectEventLog({ url: server.url, name: 'test', logger });
  await log.close();
  expect(warnings).toEqual([expect.stringContaining('cannot check that the nats server syncs')]);
});

it('refuses a server with a small max_payload, and one without JetStream', async () => {
  const small = await startWith((config) => config.replace(/max_payload: \d+/, 'max_payload: 1048576'));
  await expect(connectEventLog({ url: small.url, name: 'test' })).rejects.toMatchObject({
    code: 'server-unsafe',
    message: expect.stringContaining('1048576'),
  });
  await small.kill();
  const bare = await startWith((config) => config.replace(/^jetstream: .*$/m, ''));
  await expect(connectEventLog({ url: bare.url, name: 'test' })).rejects.toMatchObject({
    code: 'server-unsafe',
    message: expect.stringContaining('JetStream'),
  });
});

it('says what is wrong where the server cannot come up', async () => {
  const server = await start();
  const other = await mkdtemp(join(tmpdir(), 'sluice-nats-'));
  const port = Number(new URL(server.url).port);
  await expect(startNatsServer({ binary: natsBinary, dir: other, port })).rejects.toMatchObject({
    code: 'connection',
    message: expect.stringContaining('address already in use'),
  });
  await expect(startNatsServer({ binary: '/nowhere/nats-server', dir: other })).rejects.toMatchObject({
    code: 'connection',
  });
  await rm(other, { recursive: true });
});

it('shows no data of events in what it logs or throws', async () => {
  const canary = 'canary-5f1e2d';
  const server = await start();
  const said: string[] = [];
  const say = (fields: object, message: string): void => {
    said.push(JSON.stringify(fields) + message);
  };
  const log = await connectEventLog({
    url: server.url,
    name: 'test',
    logger: { debug: say, info: say, warn: say, error: say },
  });
  const writer = await openWith(log, facts, 'w');
  const data = new TextEncoder().encode(canary.repeat(700_000));
  const failure: unknown = await writer
    .append([{ subject: 'object.v1.a', type: 'T', tombstone: false, data }])
    .catch((error: unknown) => error);
  said.push(String(failure), JSON.stringify(failure));
  await writer.append(events(3, canary));
  await log.checkpoint('FACTS', writer, { purge: true });
  await openWith(log, facts, 'w');
  said.push(String(await writer.append(events(1, canary)).catch((error: unknown) => error)));
  const follower = await new Collector(log, 'FACTS').until(({ batches }) => batches.length > 0);
  await follower.stop();
  await log.close();
  expect(said.length).toBeGreaterThan(3);
  expect(said.join('\n')).not.toContain(canary);
});
