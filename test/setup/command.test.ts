import { symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { launch, tempDir } from '@sluice/testkit';
import { expect, test } from 'vitest';

const command = fileURLToPath(new URL('../../bin/sluice', import.meta.url));

test('the command runs from another folder, through a chain of links, with next to no environment', async () => {
  using dir = tempDir();
  symlinkSync(command, dir.file('first'));
  symlinkSync('first', dir.file('sluice'));
  const run = await launch({
    command: dir.file('sluice'),
    args: ['--version'],
    cwd: dir.path,
    env: { PATH: '/usr/bin:/bin' },
  });
  expect(await run.exited).toEqual({ code: 0, signal: null });
  expect(run.stdout()).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('arguments and the exit code pass through', async () => {
  const run = await launch({ command, args: ['no such command'] });
  expect(await run.exited).toEqual({ code: 2, signal: null });
});
