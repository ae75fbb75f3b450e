import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectEventLog, type EventLog } from '@sluice/event-log';
import { decodeEvent, type Fact } from '@sluice/events';
import { kinds } from '@sluice/kinds';
import { openKeyPair, SealingKey } from '@sluice/sealed-secret';
import {
  type LaunchedProcess,
  launch,
  makeCertificate,
  type RunningNats,
  startNats,
  tempDir,
  until,
} from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { manifestOf } from './adapters/watcher.fixture.ts';

const dir = tempDir();
const manifests = tempDir();
const keyBytes = randomBytes(32);
let nats: RunningNats;
let log: EventLog;

beforeAll(async () => {
  writeFileSync(dir.file('secret.key'), keyBytes, { mode: 0o600 });
  nats = await startNats();
  log = await connectEventLog({ url: nats.url, monitorUrl: nats.monitorUrl, name: 'test' });
});
afterAll(async () => {
  await log?.close();
  await nats?.[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
  manifests[Symbol.dispose]();
});

function start(): Promise<LaunchedProcess> {
  return launch({
    name: 'api-watcher',
    command: process.execPath,
    args: [join(import.meta.dirname, 'main.ts')],
    env: {
      PATH: process.env.PATH,
      SLUICE_NATS_URL: nats.url,
      SLUICE_NATS_MONITOR_URL: nats.monitorUrl,
      SLUICE_SOURCE_DIRS: manifests.path,
      SLUICE_SECRET_KEY_FILE: dir.file('secret.key'),
      SLUICE_LOG_LEVEL: 'debug',
    },
  });
}

/** The facts on the log, oldest first. */
async function facts(): Promise<Fact[]> {
  const all: Fact[] = [];
  for await (const event of log.read('FACTS')) {
    if (event.subject.startsWith('log.')) continue;
    const decoded = decodeEvent('FACTS', event.data);
    if (!decoded.ok) throw new Error(decoded.error);
    all.push(decoded.event);
  }
  return all;
}

const changesOf = (all: readonly Fact[], name: string): Fact[] =>
  all.filter(
    (f) =>
      (f.type === 'ObjectChanged' && f.object.metadata.name === name) ||
      (f.type === 'ObjectDeleted' && f.ref.name === name),
  );
const onLog = (test_: (all: readonly Fact[]) => boolean, message: string) =>
  until(async () => test_(await facts()), { message });

test('a kill -9 at any moment neither loses nor doubles an event, and no byte of a key is in the clear', async () => {
  const pair = await makeCertificate({ dnsNames: ['shop.example', '*.shop.example'] });
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'cert' },
    type: 'kubernetes.io/tls',
    stringData: { 'tls.crt': pair.chainPem, 'tls.key': pair.keyPem },
  };
  const gateway = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'gw' },
    spec: { gatewayClassName: 'cilium', listeners: [{ name: 'a', port: 80, protocol: 'HTTP' }] },
  };
  writeFileSync(manifests.file('secret.json'), JSON.stringify(secret));
  writeFileSync(manifests.file('gateway.json'), JSON.stringify(gateway));
  writeFileSync(manifests.file('a.yaml'), manifestOf('a', 1));

  const first = await start();
  await first.waitForLine(/service started/, 30_000);
  await onLog((all) => all.some((f) => f.type === 'KindSynced' && f.kind === 'Namespace'), 'the first list');
  const listed = await facts();
  expect(listed.filter((f) => f.type === 'KindSynced')).toHaveLength(kinds.length);
  expect(listed.find((f) => f.type === 'AddressAssigned')).toMatchObject({
    addresses: ['127.80.0.1'],
    unusable: [],
  });
  expect(listed.find((f) => f.type === 'CertificateObserved')).toMatchObject({
    dnsNames: ['*.shop.example', 'shop.example'],
    fault: '',
    expired: false,
  });

  for (let port = 2; port <= 6; port++) {
    writeFileSync(manifests.file('.a'), manifestOf('a', port));
    renameSync(manifests.file('.a'), manifests.file('a.yaml'));
    await onLog((all) => changesOf(all, 'a').length === port, `change ${port}`);
  }
  const running = [first];
  for (let round = 0; round < 3; round++) {
    writeFileSync(manifests.file(`kill-${round}.yaml`), manifestOf(`kill-${round}`, 1));
    running.at(-1)?.kill('SIGKILL');
    await running.at(-1)?.exited;
    if (round === 1) rmSync(manifests.file('kill-0.yaml'));
    running.push(await start());
    await onLog(
      (all) => changesOf(all, `kill-${round}`).length === 1,
      `what was written before kill ${round}`,
    );
  }
  await onLog((all) => changesOf(all, 'kill-0').length === 2, 'the deletion while it was down');

  const all = await facts();
  expect(
    changesOf(all, 'a').map((f) => (f.type === 'ObjectChanged' ? f.object.metadata.generation : 0)),
  ).toEqual([1, 2, 3, 4, 5, 6]);
  expect(all.filter((f) => f.type === 'KindSynced')).toHaveLength(kinds.length);
  expect(all.filter((f) => f.type === 'AddressAssigned')).toHaveLength(1);
  expect(all.filter((f) => f.type === 'CertificateObserved')).toHaveLength(1);
  expect((await log.verify('FACTS')).damage).toEqual([]);

  const secrets = [];
  for await (const event of log.read('SECRETS')) if (!event.subject.startsWith('log.')) secrets.push(event);
  expect(secrets).toHaveLength(1);
  const sealed = decodeEvent('SECRETS', secrets[0]?.data ?? new Uint8Array());
  if (!sealed.ok || sealed.event.type !== 'SecretSealed') throw new Error('no sealed secret');
  const opened = openKeyPair({
    key: new SealingKey(keyBytes),
    subject: secrets[0]?.subject ?? '',
    uid: sealed.event.uid,
    sealed: sealed.event,
  });
  expect(opened).toEqual({ certificateChain: pair.chainPem, privateKey: pair.keyPem });

  const canary = pair.keyPem.split('\n')[1] ?? '';
  expect(canary.length).toBeGreaterThan(40);
  const bytes = [];
  for (const stream of ['FACTS', 'SECRETS'])
    for await (const event of log.read(stream)) bytes.push(Buffer.from(event.data).toString('latin1'));
  const everything = [...bytes, ...running.map((p) => p.log())].join('\n');
  for (const form of [
    canary,
    Buffer.from(canary).toString('base64').slice(0, 40),
    Buffer.from(pair.keyPem).toString('base64').slice(0, 60),
  ])
    expect(everything).not.toContain(form);
  for (const process_ of running) await process_.stop();
});

test('it stops clean, and refuses a configuration with all its faults at once', async () => {
  const healthy = await start();
  await healthy.waitForLine(/service started/, 30_000);
  expect(await healthy.stop()).toEqual({ code: 0, signal: null });
  const broken = await launch({
    command: process.execPath,
    args: [join(import.meta.dirname, 'main.ts')],
    env: { PATH: process.env.PATH, SLUICE_ADDRESS_POOL: 'x' },
  });
  expect((await broken.exited).code).toBe(2);
  for (const name of [
    'SLUICE_NATS_URL',
    'SLUICE_SOURCE_DIRS',
    'SLUICE_ADDRESS_POOL',
    'SLUICE_SECRET_KEY_FILE',
  ])
    expect(broken.log()).toContain(name);
});
