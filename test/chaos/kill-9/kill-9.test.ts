// kill -9 of each process under load: no request fails where Envoy lives, nothing is lost, and all finds back by itself.
import { type EchoRequest, LoadGenerator, request, until } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { gateway, httpRoute, path, rule } from '../../harness/objects.ts';
import type { ProcessName } from '../../harness/sluice.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const world = useSluice({
  backends: ['one', 'two'],
  manifests: () => ({
    'gateway.yaml': gateway('edge'),
    'steady.yaml': httpRoute('steady', {
      parent: 'edge',
      rules: [rule('one', { matches: [path('PathPrefix', '/steady')] })],
    }),
  }),
});

let changes = 0;
/** Writes a route that was never there before and waits until it is served: the whole way from file to Envoy works. */
async function changeIsServed(timeoutMs = 40_000): Promise<void> {
  changes += 1;
  const at = `/change/${changes}`;
  const target = await world().sluice.target('edge', 80);
  world().sluice.write({
    'changing.yaml': httpRoute('changing', {
      parent: 'edge',
      rules: [rule('two', { matches: [path('PathPrefix', at)] })],
    }),
  });
  const served = async () => (await request({ ...target, path: at })).status === 200;
  await until(served, { timeoutMs, message: `change ${changes} to be served` });
}

async function load(): Promise<LoadGenerator> {
  return new LoadGenerator({
    ...(await world().sluice.target('edge', 80)),
    path: '/steady',
    ratePerSecond: 50,
    maxSeconds: 110,
  });
}

describe.each<[ProcessName]>([['api-watcher'], ['translator'], ['xds-server'], ['nats']])('%s', (name) => {
  it('is started again, a change made meanwhile is served, and no request has failed', async () => {
    const { sluice } = world();
    await using running = await load();
    const old = await sluice.kill9(name);
    await changeIsServed();
    await until(() => sluice.pid(name) !== old, { message: `another ${name}` });
    await changeIsServed();
    expect((await running.stop()).failures).toEqual([]);
  });
});

it('envoy is started again and serves what it served', async () => {
  const { sluice } = world();
  const old = await sluice.kill9('envoy');
  const target = await sluice.target('edge', 80);
  const answer = await until(() => request({ ...target, path: '/steady' }), {
    message: 'Envoy to serve again',
  });
  expect(answer.json<EchoRequest>().name).toBe('one');
  expect(sluice.pid('envoy')).not.toBe(old);
  await changeIsServed();
});

it('without `sluice up` traffic goes on, and the next one takes over without a failed request', async () => {
  const { sluice } = world();
  await using running = await load();
  const envoy = sluice.pid('envoy');
  await sluice.kill9('up');
  const answered = running.answered;
  await until(() => running.answered > answered + 20);
  await sluice.restart();
  expect(sluice.pid('envoy')).toBe(envoy);
  await changeIsServed();
  expect((await running.stop()).failures).toEqual([]);
});

it('the whole log still holds together', async () => {
  const { code, output } = await world().sluice.cli('replay', '--verify');
  expect(output).not.toMatch(/damage/i);
  expect(code).toBe(0);
});

it('ends clean', async () => {
  await world().sluice.stop();
});
