// A server that is reached by addresses which are told, while its name leads nowhere and its certificate bears that name.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectEventLog, natsServerConfig } from '@sluice/event-log';
import { streams } from '@sluice/events';
import { freePort, launch, makeCertificate, type TempDir, tempDir, toolPath, until } from '@sluice/testkit';
import { expect, it } from 'vitest';

const name = 'nats.sluice-system.svc';
const waitMs = 60_000;

interface Site {
  readonly dir: TempDir;
  readonly port: number;
  readonly monitorPort: number;
}

/** A NATS server over TLS at an address of loopback; its store lies in `dir`. */
async function natsAt(host: string, { dir, ...ports }: Site) {
  const config = natsServerConfig({
    ...{ ...ports, host, monitorHost: host, users: [] },
    storeDir: dir.file('store'),
    tls: { certFile: dir.file('tls.crt'), keyFile: dir.file('tls.key') },
  });
  writeFileSync(dir.file('nats.conf'), config);
  const server = await launch({
    name: 'nats-server',
    command: toolPath('nats-server'),
    args: ['-c', dir.file('nats.conf')],
  });
  await server.waitForLine(/Server is ready/);
  return server;
}

it('is found again at another address, under the name of its certificate', async () => {
  using dir = tempDir();
  const { chainPem, keyPem, caPem } = await makeCertificate({ dnsNames: [name] });
  for (const [file, text] of Object.entries({ 'tls.crt': chainPem, 'tls.key': keyPem, 'ca.crt': caPem }))
    writeFileSync(join(dir.path, file), text, { mode: 0o600 });
  const [port, monitorPort] = [await freePort(), await freePort()];
  let addresses: string[] = [];
  const reasons: string[] = [];
  const log = await connectEventLog({
    ...{ name: 'found', url: `tls://${name}:${port}`, caFile: dir.file('ca.crt'), background: true },
    monitorUrl: `http://${name}:${monitorPort}`,
    addresses: () => addresses,
    onConnection: ({ reason }) => reasons.push(reason),
  });
  await until(() => reasons.length > 0, { timeoutMs: waitMs });
  expect(reasons).toEqual([`no address of ${name} is known yet`]);

  const first = await natsAt('127.0.0.1', { dir, port, monitorPort });
  addresses = ['127.0.0.1'];
  await until(() => log.connected, { timeoutMs: waitMs, message: () => reasons.join('\n') });
  await log.ensureStream(streams.FACTS);
  await first.stop();

  const second = await natsAt('127.0.0.9', { dir, port, monitorPort });
  await until(() => !log.connected, { timeoutMs: waitMs });
  addresses = ['127.0.0.8', '127.0.0.9'];
  await until(() => log.connected, { timeoutMs: waitMs, message: () => reasons.join('\n') });
  expect((await log.info('FACTS')).lastSeq).toBe(0);
  await log.close();
  await second.stop();
});

it('trusts no server at the address whose certificate bears another name', async () => {
  using dir = tempDir();
  const { chainPem, keyPem, caPem } = await makeCertificate({ dnsNames: ['other.test'] });
  for (const [file, text] of Object.entries({ 'tls.crt': chainPem, 'tls.key': keyPem, 'ca.crt': caPem }))
    writeFileSync(join(dir.path, file), text, { mode: 0o600 });
  const [port, monitorPort] = [await freePort(), await freePort()];
  const server = await natsAt('127.0.0.1', { dir, port, monitorPort });
  const connecting = connectEventLog({
    ...{ name: 'found', url: `tls://${name}:${port}`, caFile: dir.file('ca.crt'), connectTimeoutMs: 1_000 },
    addresses: () => ['127.0.0.1'],
  });
  await expect(connecting).rejects.toMatchObject({ code: 'connection' });
  await server.stop();
});
