import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { tempDir, toolPath } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { envoyBootstrap } from '../core/bootstrap.ts';

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
