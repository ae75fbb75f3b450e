// The real process without a log: what it served last, it serves again, over HTTP and HTTPS.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { connectEventLog, type EventLog } from '@sluice/event-log';
import { decodeEvent, type Revision } from '@sluice/events';
import type { IrResource } from '@sluice/ir';
import {
  freePort,
  type LaunchedProcess,
  launch,
  makeCertificate,
  type RunningEnvoy,
  type RunningNats,
  request,
  startBackend,
  startEnvoy,
  startNats,
  type TempDir,
  tempDir,
  until,
} from '@sluice/testkit';
import { expect, test } from 'vitest';
import { envoyBootstrap } from '../core/bootstrap.ts';
import {
  attached,
  certificate,
  cluster,
  endpoints,
  forward,
  gateway,
  listener,
  route,
  rule,
  server,
} from '../testing/ir.ts';
import { IrWriter } from '../testing/ir-writer.ts';
import { openSecrets, sealFor } from '../testing/seal.ts';

const program = fileURLToPath(new URL('../main.ts', import.meta.url));

/** A log, an xds-server as a process of its own, and Envoys. */
class Site implements AsyncDisposable {
  readonly dir: TempDir = tempDir();
  readonly nats: RunningNats;
  readonly log: EventLog;
  readonly #opsPort: number;
  #server: LaunchedProcess | undefined;
  #envoy: RunningEnvoy | undefined;

  private constructor(nats: RunningNats, log: EventLog, opsPort: number) {
    this.nats = nats;
    this.log = log;
    this.#opsPort = opsPort;
    writeFileSync(this.dir.file('secret.key'), new Uint8Array(32).fill(7), { mode: 0o600 });
  }

  static async open(): Promise<Site> {
    const nats = await startNats();
    const log = await connectEventLog({ url: nats.url, monitorUrl: nats.monitorUrl, name: 'test' });
    return new Site(nats, log, await freePort());
  }

  async startServer(): Promise<void> {
    this.#server = await launch({
      name: 'xds-server',
      command: process.execPath,
      args: [program],
      env: {
        ...process.env,
        SLUICE_NATS_URL: this.nats.url,
        SLUICE_NATS_MONITOR_URL: this.nats.monitorUrl,
        SLUICE_HTTP_LISTEN: `127.0.0.1:${this.#opsPort}`,
        SLUICE_XDS_LISTEN: `unix:${this.dir.file('xds.sock')}`,
        SLUICE_STATE_FILE: this.dir.file('xds.sqlite'),
        SLUICE_SECRET_KEY_FILE: this.dir.file('secret.key'),
        SLUICE_DRAIN_MS: '100',
      },
    });
    await this.#server.waitForLine(/service started/, 30_000);
  }

  async killServer(): Promise<void> {
    this.#server?.kill('SIGKILL');
    await this.#server?.exited;
  }

  /** SIGTERM; resolves with the exit code. */
  async stopServer(): Promise<number | null | undefined> {
    this.#server?.kill('SIGTERM');
    return (await this.#server?.exited)?.code;
  }

  serverLog(): string {
    return this.#server?.log() ?? '';
  }

  async startEnvoy(waitFor: 'serving' | 'started' = 'started'): Promise<void> {
    const bootstrap = envoyBootstrap({
      nodeId: 'envoy-0',
      nodeCluster: 'test',
      xdsSocket: this.dir.file('xds.sock'),
    });
    this.#envoy = await startEnvoy({ bootstrap, waitFor });
  }

  async killEnvoy(): Promise<void> {
    const envoy = this.#envoy;
    if (envoy === undefined) return;
    envoy.process.kill('SIGKILL');
    await envoy.process.exited;
    await envoy[Symbol.asyncDispose]();
    this.#envoy = undefined;
  }

  async ops(path: string): Promise<{ status: number; body: string }> {
    const answer = await fetch(`http://127.0.0.1:${this.#opsPort}${path}`);
    return { status: answer.status, body: await answer.text() };
  }

  /** Resources and removals sent since the process started. */
  async sent(): Promise<number> {
    return (
      (await this.metric('sluice_xds_resources_sent_total')) +
      (await this.metric('sluice_xds_resources_removed_total'))
    );
  }

  /** Sum over all labels of a metric. */
  async metric(name: string): Promise<number> {
    const { body } = await this.ops('/metrics');
    const values = [...body.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)`, 'gm'))];
    return values.reduce((sum, [, value]) => sum + Number(value), 0);
  }

  async acked(revision: Revision): Promise<void> {
    const look = async (): Promise<boolean> => {
      const { events } = await this.log.stateAt('ACKS');
      return [...events.values()].some(({ data }) => {
        const decoded = decodeEvent('ACKS', data);
        const state = decoded.ok && decoded.event.type === 'EnvoyStateChanged' ? decoded.event : undefined;
        return state?.state === 'connected' && (state.acked?.seq ?? 0) >= revision.seq;
      });
    };
    await until(look, { message: `revision ${revision.seq} to be acknowledged` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killEnvoy();
    await this.killServer();
    await this.log.close();
    await this.nats[Symbol.asyncDispose]();
    this.dir[Symbol.dispose]();
  }
}

test('without a log a new xds-server serves a new Envoy its last good state, HTTP and HTTPS', async () => {
  await using site = await Site.open();
  await using backend = await startBackend({ name: 'one' });
  const [httpPort, httpsPort] = [await freePort(), await freePort()];
  const pair = await makeCertificate({ dnsNames: ['a.example'] });
  const held: IrResource[] = [
    gateway(['127.0.0.1'], ['shop/edge/80', 'shop/edge/443']),
    listener(httpPort),
    listener(httpsPort, {
      protocol: 'HTTPS',
      servers: [server('a.example', { certificates: ['shop/tls'] })],
    }),
    certificate('tls', 'd1'),
    cluster('one'),
    endpoints('one', [backend.port]),
    route('plain', [rule(forward('one'))]),
    route('secure', [rule(forward('one'))], attached(['a.example'], { listener: 'shop/edge/443' })),
  ];
  const ir = await IrWriter.open(site.log);
  const secrets = await openSecrets(site.log);
  await sealFor(secrets, certificate('tls', 'd1'), pair);
  await site.startServer();
  await site.startEnvoy();
  const revision = await ir.commit(held);
  await site.acked(revision);
  const plain = { address: '127.0.0.1', port: httpPort };
  const secure = {
    address: '127.0.0.1',
    port: httpsPort,
    host: 'a.example',
    tls: { servername: 'a.example', ca: pair.caPem },
  };
  const bothServed = async (): Promise<void> => {
    for (const target of [plain, secure]) {
      const answer = await until(() => request(target));
      expect(answer.status).toBe(200);
    }
  };
  await bothServed();

  // The log is away, and stays away.
  await site.nats.kill();
  await site.killServer();
  await site.startServer();
  await site.killEnvoy();
  await site.startEnvoy('serving');
  await bothServed();
  const ready = await site.ops('/readyz');
  expect(ready.status).toBe(200);
  expect(JSON.parse(ready.body)).toMatchObject({ ready: true, degraded: ['log'] });
  expect(site.serverLog().match(/no event log/g)).toHaveLength(1);
  const files = ['xds.sqlite', 'xds.sqlite-wal'].map((name) => readFileSync(site.dir.file(name), 'latin1'));
  expect(files.join('')).not.toContain('PRIVATE KEY');

  // An Envoy that has everything gets nothing, neither without the log nor when it comes back.
  await site.killServer();
  await site.startServer();
  await until(async () => (await site.metric('sluice_xds_envoys_connected')) === 1);
  await site.nats.restart();
  await until(async () => JSON.parse((await site.ops('/readyz')).body).degraded.length === 0, {});
  await site.acked(revision);
  expect(await site.sent()).toBe(0);

  await site.acked(await ir.commit([route('plain', [rule(forward('one'))], attached(['new.example']))]));
  expect((await request({ ...plain, host: 'new.example' })).status).toBe(200);
});

test('without a log and without a state file it says that it has nothing to serve, and ends when it is told to', async () => {
  await using site = await Site.open();
  await site.nats.kill();
  await site.startServer();
  const ready = await site.ops('/readyz');
  expect(ready.status).toBe(503);
  expect(JSON.parse(ready.body)).toMatchObject({ failing: ['revision'], degraded: ['log'] });
  expect(await site.stopServer()).toBe(0);
});
