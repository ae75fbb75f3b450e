// The keys and the configuration serve a real nats-server, and the certificates say what the other side asks for.
import { X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectEventLog } from '@sluice/event-log';
import { streams } from '@sluice/events';
import { freePort, launch, type TempDir, tempDir, toolPath } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { installationSecrets, type SecretManifest } from './installation-secrets.ts';

const options = { namespace: 'edge', days: 30, nowMs: Date.now() };

function fileOf(secrets: readonly SecretManifest[], name: string, key: string): string {
  const text = secrets.find(({ metadata }) => metadata.name === name)?.data[key];
  if (text === undefined) throw new Error(`no ${key} in ${name}`);
  return Buffer.from(text, 'base64').toString('utf8');
}

/** Mounts a Secret as a kubelet would. */
function mount(dir: TempDir, secrets: readonly SecretManifest[], name: string): string {
  const path = join(dir.path, name);
  mkdirSync(path);
  const secret = secrets.find(({ metadata }) => metadata.name === name);
  for (const [key, text] of Object.entries(secret?.data ?? {}))
    writeFileSync(join(path, key), Buffer.from(text, 'base64'), { mode: 0o600 });
  return path;
}

test('certificates bear the names of the Services and the identity of Envoy, and are for nothing else', async () => {
  const secrets = await installationSecrets(options);
  const certificate = (name: string) => new X509Certificate(fileOf(secrets, name, 'tls.crt'));
  expect(certificate('sluice-xds-tls').subjectAltName).toBe(
    'DNS:xds-server.edge.svc, DNS:xds-server.edge, DNS:xds-server',
  );
  expect(certificate('sluice-xds-tls').keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  const envoy = certificate('sluice-envoy-tls');
  expect(envoy.subjectAltName).toBe('URI:spiffe://sluice.dev/sluice/envoy');
  expect(envoy.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  const authority = new X509Certificate(fileOf(secrets, 'sluice-envoy-tls', 'ca.crt'));
  expect(envoy.verify(authority.publicKey)).toBe(true);
  expect(envoy.validToDate.getTime() - options.nowMs).toBeCloseTo(30 * 86_400_000, -4);
  const config = fileOf(secrets, 'sluice-nats-config', 'nats.conf');
  expect(config).not.toContain(fileOf(secrets, 'sluice-nats-translator', 'nats.seed').trim());
});

test('agents of nodes find their key and the authority of NATS in their own namespace, and no more', async () => {
  const secrets = await installationSecrets({ ...options, datapathNamespace: 'nodes' });
  const there = secrets.filter(({ metadata }) => metadata.namespace === 'nodes');
  expect(there.map(({ metadata, data }) => [metadata.name, Object.keys(data)])).toEqual([
    ['sluice-nats-bpf-agent', ['nats.seed']],
    ['sluice-nats-ca', ['ca.crt']],
  ]);
  const others = secrets.filter((secret) => !there.includes(secret));
  expect(there[0]?.data).toEqual(
    others.find(({ metadata }) => metadata.name === 'sluice-nats-bpf-agent')?.data,
  );
  expect(there[1]?.data['ca.crt']).toBe(
    others.find(({ metadata }) => metadata.name === 'sluice-nats-tls')?.data['ca.crt'],
  );
});

test('a real nats-server takes the configuration, speaks TLS only, and each service has its own rights', async () => {
  using dir = tempDir();
  const secrets = await installationSecrets(options);
  const port = await freePort();
  const tls = mount(dir, secrets, 'sluice-nats-tls');
  const text = fileOf(secrets, 'sluice-nats-config', 'nats.conf')
    .replace(/port: 4222/, `port: ${port}`)
    .replace('0.0.0.0:8222', `127.0.0.1:${await freePort()}`)
    .replaceAll('/etc/nats/tls', tls)
    .replace('"/data"', JSON.stringify(join(dir.path, 'data')))
    .replace('"0.0.0.0"', '"127.0.0.1"');
  writeFileSync(join(dir.path, 'nats.conf'), text);
  const server = await launch({
    name: 'nats-server',
    command: toolPath('nats-server'),
    args: ['-c', join(dir.path, 'nats.conf')],
  });
  try {
    await server.waitForLine(/Server is ready/);
    const seedFile = join(mount(dir, secrets, 'sluice-nats-api-watcher'), 'nats.seed');
    const address = { name: 'api-watcher', seedFile, connectTimeoutMs: 2_000 };
    const caFile = join(tls, 'ca.crt');
    const log = await connectEventLog({ ...address, caFile, url: `tls://localhost:${port}` });
    await log.ensureStream(streams.FACTS);
    await expect(log.ensureStream(streams.IR)).rejects.toThrow();
    await log.close();
    const agentSeed = join(mount(dir, secrets, 'sluice-nats-bpf-agent'), 'nats.seed');
    const agent = { name: 'bpf-agent', seedFile: agentSeed, connectTimeoutMs: 2_000, caFile };
    const acks = await connectEventLog({ ...agent, url: `tls://localhost:${port}` });
    await acks.ensureStream(streams.ACKS);
    for (const node of ['bpf-agent.node-1', 'bpf-agent.node-2']) await acks.openWriter('ACKS', node);
    for (const other of ['xds-server-0', 'translator', 'bpf-agent'])
      await expect(acks.openWriter('ACKS', other), other).rejects.toMatchObject({
        code: 'connection',
        message: expect.stringContaining(`log.v1.ACKS.lease.${other}`),
      });
    await acks.close();
    for (const other of [
      { ...address, url: `tls://localhost:${port}` },
      { ...address, url: `nats://localhost:${port}` },
    ])
      await expect(connectEventLog(other)).rejects.toMatchObject({ code: 'connection' });
  } finally {
    await server.stop();
  }
});
