// A policy that trusts the authorities of Envoy's machine, on real Envoys: one whose machine has none never speaks in the
// clear to the backend, nor by what was trusted before; one that has them is served.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { IrClusterTls, IrResource } from '@sluice/ir';
import {
  type Backend,
  describeIf,
  freePort,
  makeCa,
  makeCertificate,
  request,
  startBackend,
  startTcpEcho,
  tempDir,
  until,
} from '@sluice/testkit';
import { expect, test } from 'vitest';
import { attached, cluster, endpoints, forward, gateway, listener, route, rule } from '../testing/ir.ts';
import { Rig } from '../testing/rig.ts';

/** A machine whose directory of authorities is empty, or holds the file that is named first. */
const machine = (script: string) => ['unshare', '--map-root-user', '--mount', 'sh', '-c', script];
const bare = 'mount -t tmpfs none /etc/ssl/certs';
const withoutAuthorities = [...machine(`${bare} && exec "$@"`), 'sh'];
const withAuthorities = (file: string) => [
  ...machine(`${bare} && cp "$0" /etc/ssl/certs/ca-certificates.crt && exec "$@"`),
  file,
];

function missing(): string | undefined {
  const [command = '', ...args] = [...withoutAuthorities, 'true'];
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? undefined : `no mount namespace can be made: ${error?.message ?? stderr.trim()}`;
}

const system: IrClusterTls = {
  type: 'verified',
  sni: 'api.internal',
  names: [{ type: 'dns', value: 'api.internal' }],
  caPem: null,
};
const loopback = '127.0.0.1';

function served(port: number, to: number, tls?: IrClusterTls): IrResource[] {
  return [
    gateway([loopback], ['shop/edge/80']),
    listener(port),
    cluster('api', tls === undefined ? {} : { tls }),
    endpoints('api', [to]),
    route('api', [rule(forward('api'))], attached(['api.example'])),
  ];
}

describeIf(missing())('authorities of the machine', () => {
  test('where they are missing nothing is sent in the clear, whatever comes after', async () => {
    await using rig = new Rig();
    await using backend = await startBackend({ name: 'api' });
    const port = await freePort();
    const status = async () => (await request({ address: loopback, port, host: 'api.example' })).status;
    await rig.startServer();
    await using envoy = await rig.startEnvoy('envoy-0', 'started', withoutAuthorities);
    await rig.apply(served(port, backend.port));
    expect(await status()).toBe(200);

    await rig.apply([cluster('api', { tls: system })]);
    await until(async () => (await status()) === 503);
    await staysClosed(backend, status);
    expect(await rig.rejections()).toMatchObject([
      { resource: 'shop/api/80', message: expect.stringContaining('ca-certificates.crt') },
    ]);

    // An endpoint that changes meanwhile is acknowledged, and reached by nobody.
    await rig.apply([endpoints('api', [backend.port, await freePort()])]);
    await staysClosed(backend, status);
    // Nor does a restart of the server open it.
    await rig.stopServer();
    await rig.startServer();
    await rig.apply([endpoints('api', [backend.port])]);
    await staysClosed(backend, status);
    expect((await envoy.stats('cluster_manager'))['cluster_manager.active_clusters']).toBeGreaterThan(0);

    // The policy goes: in the clear again, as its user now asks for.
    await rig.apply([cluster('api')]);
    await until(async () => (await status()) === 200);
    expect(await rig.rejections()).toEqual([]);
  });

  test('an Envoy that starts anew is closed from the first request on', async () => {
    await using rig = new Rig();
    await using backend = await startBackend({ name: 'api' });
    const port = await freePort();
    await rig.startServer();
    await rig.commit(served(port, backend.port, system));
    await rig.startEnvoy('envoy-0', 'started', withoutAuthorities);
    const answer = await until(() => request({ address: loopback, port, host: 'api.example' }));
    expect(answer.status).toBe(503);
    expect(backend.requests).toBe(0);
  });

  test('what was trusted before is not trusted any more', async () => {
    await using rig = new Rig();
    const ca = await makeCa();
    const pair = await makeCertificate({ dnsNames: ['api.internal'], ca });
    await using backend = await startTcpEcho({ name: 'api', tls: pair });
    const port = await freePort();
    const connect = () => request({ address: loopback, port, host: 'api.example' }).catch(() => undefined);
    await rig.startServer();
    await rig.startEnvoy('envoy-0', 'started', withoutAuthorities);
    await rig.apply(served(port, backend.port, { ...system, caPem: ca.pem }));
    await until(async () => {
      await connect();
      return backend.count() > 0;
    });
    await rig.apply([cluster('api', { tls: system })]);
    await until(
      async () => (await connect())?.headers['x-sluice-error'] !== undefined || backend.count() > 0,
    );
    await until(async () => {
      const before = backend.count();
      return (await connect())?.status === 503 && backend.count() === before;
    });
    expect(await rig.rejections()).toHaveLength(1);
  });

  test('where they are there, the backend is reached by TLS', async () => {
    await using rig = new Rig();
    using dir = tempDir();
    const ca = await makeCa();
    const file = dir.file('authorities.crt');
    writeFileSync(file, ca.pem);
    const pair = await makeCertificate({ dnsNames: ['api.internal'], ca });
    await using backend = await startTcpEcho({ name: 'api', tls: pair });
    const port = await freePort();
    await rig.startServer();
    await rig.startEnvoy('envoy-0', 'started', withAuthorities(file));
    await rig.apply(served(port, backend.port, system));
    // The backend speaks no HTTP: that it is reached shows in its count of handshakes.
    await until(async () => {
      await request({ address: loopback, port, host: 'api.example' }).catch(() => undefined);
      return backend.count() > 0;
    });
    expect(await rig.rejections()).toEqual([]);
  });
});

async function staysClosed(backend: Backend, status: () => Promise<number>): Promise<void> {
  const before = backend.requests;
  for (let i = 0; i < 20; i++) expect(await status()).toBe(503);
  expect(backend.requests).toBe(before);
}
