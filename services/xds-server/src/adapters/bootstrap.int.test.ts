import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { freePort, request, startEnvoy, tempDir, toolPath } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { envoyBootstrap } from '../core/bootstrap.ts';
import { gateway } from '../testing/ir.ts';
import { Rig } from '../testing/rig.ts';

const run = promisify(execFile);

test.each([
  ['smallest', {}],
  [
    'with an admin socket and limits',
    { adminSocket: '/nowhere/admin.sock', maxHeapBytes: 512 * 1024 ** 2, maxConnections: 100 },
  ],
])('the real Envoy takes the bootstrap: %s', async (_what, rest) => {
  using dir = tempDir();
  const file = dir.file('bootstrap.json');
  // A name with quotes and braces is a name, nothing else.
  writeFileSync(
    file,
    envoyBootstrap({ nodeId: 'node "0" }', nodeCluster: 'test', xdsSocket: dir.file('xds.sock'), ...rest }),
  );
  const { stderr } = await run(toolPath('envoy'), [
    '--mode',
    'validate',
    '--disable-hot-restart',
    '-c',
    file,
  ]);
  expect(stderr).not.toMatch(/deprecated/i);
});

test('probes and scrapes get two pages of the admin interface, and nothing else of it', async () => {
  await using rig = new Rig();
  await rig.startServer();
  await rig.commit([gateway(['127.0.0.1'], [])]);
  const port = await freePort();
  const adminSocket = rig.dir.file('admin.sock');
  const bootstrap = envoyBootstrap({
    nodeId: 'node-1',
    nodeCluster: 'test',
    xdsSocket: rig.dir.file('xds.sock'),
    adminSocket,
    opsPort: port,
  });
  await using envoy = await startEnvoy({ bootstrap, adminSocket });
  const ask = async (path: string, method = 'GET') =>
    (await request({ address: '127.0.0.1', port, path, method })).status;
  expect(await ask('/ready')).toBe(200);
  expect(await ask('/stats/prometheus')).toBe(200);
  for (const path of ['/', '/config_dump', '/ready/', '/quitquitquit', '/stats'])
    expect(await ask(path)).toBe(404);
  expect(await ask('/quitquitquit', 'POST')).toBe(404);
  expect(await ask('/ready', 'POST')).toBe(404);
  expect(envoy.process.running).toBe(true);
});
