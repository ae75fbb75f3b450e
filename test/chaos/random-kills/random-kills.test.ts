// kill -9 of any process but Envoy, in an order of which nobody has thought, one upon the other, while routes change
// under load: no request fails, and in the end the log, the IR and the status are as if nothing had happened.
// SLUICE_CHAOS_SEED repeats a run; the seed is in the name of the test.
import { LoadGenerator, request, until } from '@sluice/testkit';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { processesNaming } from '../../harness/leftovers.ts';
import { condition, gateway, httpRoute, path, rule } from '../../harness/objects.ts';
import type { ProcessName } from '../../harness/sluice.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const steps = 25;
const seed = Number(process.env.SLUICE_CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** `nothing`: only a change. Twice the weight for those that write to the log. */
const victim = fc.constantFrom<ProcessName | 'nothing'>(
  ...([
    'api-watcher',
    'translator',
    'translator',
    'xds-server',
    'xds-server',
    'nats',
    'up',
    'nothing',
  ] as const),
);
const step = fc.record({
  victim,
  /** Requests that are answered until the next step, at 50 a second. */
  pause: fc.integer({ min: 1, max: 40 }),
});

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

/** Writes route `change`: five of them are changed in turn. */
function change(number: number): string {
  const at = `/change/${number}`;
  const name = `changing-${number % 5}`;
  world().sluice.write({
    [`${name}.yaml`]: httpRoute(name, {
      parent: 'edge',
      rules: [rule('two', { matches: [path('PathPrefix', at)] })],
    }),
  });
  return at;
}

/** Kills it where it lives: between two kills it may not have been started again, and its pid file is then stale. */
async function kill(name: ProcessName): Promise<boolean> {
  const { sluice } = world();
  const pid = sluice.pid(name);
  if (!processesNaming(sluice.dataDir).some((process) => process.pid === pid)) return false;
  await sluice.kill9(name);
  if (name === 'up') await sluice.restart();
  return true;
}

it(`seed ${seed}: ${steps} steps`, async () => {
  const { sluice } = world();
  const target = await sluice.target('edge', 80);
  await using load = new LoadGenerator({ ...target, path: '/steady', ratePerSecond: 50, maxSeconds: 280 });
  const paths: string[] = [];
  const killed: string[] = [];
  for (const [index, { victim: name, pause }] of fc.sample(step, { seed, numRuns: steps }).entries()) {
    paths.push(change(index));
    if (name !== 'nothing' && (await kill(name))) killed.push(name);
    const answered = load.answered;
    await until(() => load.answered >= answered + pause, {
      message: `requests to be answered at step ${index}`,
    });
  }
  expect(killed.length).toBeGreaterThan(steps / 3);

  for (const at of paths.slice(-5))
    await until(async () => (await request({ ...target, path: at })).status === 200, {
      intervalMs: 100,
      message: `${at} to be served after the kills of ${killed.join(', ')}`,
    });
  for (const at of paths.slice(0, -5))
    await until(async () => (await request({ ...target, path: at })).status === 404, {
      message: `${at}, which was replaced, not to be served any more`,
    });
  expect((await load.stop()).failures).toEqual([]);

  await until(
    async () => {
      const edge = await sluice.find('gateways', 'edge');
      const programmed = condition(edge?.status?.conditions, 'Programmed');
      return programmed?.status === 'True' && programmed.observedGeneration === edge?.metadata.generation;
    },
    { intervalMs: 250, message: 'the Gateway to be programmed' },
  );
  // Folds FACTS anew and compares the hash of the whole IR at every revision.
  const { code, output } = await sluice.cli('replay', '--verify');
  expect(output).not.toMatch(/damage/i);
  expect(code, output).toBe(0);
}, 300_000);
