import { rmSync, statSync, writeFileSync } from 'node:fs';
import { freePort, request, startBackend, until } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { attached, cluster, endpoints, forward, gateway, listener, route, rule } from '../testing/ir.ts';
import { Rig } from '../testing/rig.ts';

test.each([
  ['deleted', (file: string) => rmSync(file)],
  ['overwritten', (file: string) => writeFileSync(file, 'this is no database, and never was one')],
])('a state file that is %s is rebuilt from the log, and the Envoy notices nothing', async (_what, harm) => {
  await using rig = new Rig();
  await using backend = await startBackend({ name: 'one' });
  const port = await freePort();
  await rig.startServer();
  await rig.startEnvoy();
  const gone = route('gone', [rule(forward('one'))], attached(['gone.example']));
  await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/80']),
    listener(port),
    cluster('one'),
    endpoints('one', [backend.port]),
    route('r', [rule(forward('one'))], attached(['a.example'])),
    gone,
  ]);
  const revision = await rig.apply([], [gone]);
  expect(statSync(rig.dir.file('xds.sock')).mode & 0o777).toBe(0o600);
  await rig.stopServer();
  harm(rig.dir.file('xds.sqlite'));
  await rig.startServer();
  await until(async () => (await rig.state())?.state === 'connected');
  await rig.acked(revision);
  expect(await rig.sent()).toEqual({});
  expect((await request({ address: '127.0.0.1', port, host: 'a.example' })).status).toBe(200);
  expect(rig.failures).toEqual([]);
});

test('traffic goes on without a control plane, and a new server gives a new Envoy the last good state', async () => {
  await using rig = new Rig();
  await using backend = await startBackend({ name: 'one' });
  const port = await freePort();
  await rig.startServer();
  const envoy = await rig.startEnvoy();
  await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/80']),
    listener(port),
    cluster('one'),
    endpoints('one', [backend.port]),
    route('r', [rule(forward('one'))]),
  ]);
  // The control plane ends: traffic goes on.
  await rig.stopServer();
  expect((await request({ address: '127.0.0.1', port })).status).toBe(200);
  await envoy[Symbol.asyncDispose]();
  await rig.startServer();
  await rig.startEnvoy('envoy-1', 'serving');
  expect((await until(() => request({ address: '127.0.0.1', port }))).status).toBe(200);
});

test('on a log without a revision an Envoy becomes ready, and serves what comes', async () => {
  await using rig = new Rig();
  await using backend = await startBackend({ name: 'one' });
  const port = await freePort();
  await rig.startServer();
  await rig.startEnvoy('envoy-0', 'serving');
  await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/80']),
    listener(port),
    cluster('one'),
    endpoints('one', [backend.port]),
    route('r', [rule(forward('one'))]),
  ]);
  expect((await request({ address: '127.0.0.1', port })).status).toBe(200);
});
