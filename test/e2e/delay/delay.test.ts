// How long the newest change of a route took, as `sluice get httproutes` tells it: measured, pending, measured again.
import { until } from '@sluice/testkit';
import { expect, it } from 'vitest';
import { gateway, httpRoute, path, rule } from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';

interface Delivery {
  readonly state: string;
  readonly revision?: string;
  readonly delayMs?: number | null;
  readonly slowest?: string | null;
  readonly waitingFor?: readonly string[];
}

const route = (name: string, at: string) =>
  httpRoute(name, { parent: 'edge', rules: [rule('one', { matches: [path('PathPrefix', at)] })] });

const world = useSluice({
  backends: ['one'],
  manifests: () => ({
    'gateway.yaml': gateway('edge'),
    'kept.yaml': route('kept', '/kept'),
    'changed.yaml': route('changed', '/first'),
    'foreign.yaml': httpRoute('foreign', { parent: 'nobody', rules: [rule('one')] }),
  }),
});

const deliveryOf = async (name: string): Promise<Delivery | undefined> =>
  ((await world().sluice.find('httproutes', name))?.status as { delivery?: Delivery } | undefined)?.delivery;
const delivered = (name: string, holds: (delivery: Delivery) => boolean) =>
  until(
    async () => {
      const delivery = await deliveryOf(name);
      return delivery !== undefined && holds(delivery) ? delivery : undefined;
    },
    { intervalMs: 200, message: `the delivery of ${name}` },
  );

it('tells the delay of each route, what is pending and who is waited for', async () => {
  const { sluice } = world();
  expect(await deliveryOf('foreign')).toEqual({ state: 'not-served' });
  const first = await delivered('changed', ({ state }) => state === 'acknowledged');

  sluice.write({ 'changed.yaml': route('changed', '/second') });
  const second = await delivered(
    'changed',
    (d) => d.state === 'acknowledged' && d.revision !== first.revision,
  );
  expect(second).toMatchObject({ delayMs: expect.any(Number), slowest: 'envoy-0' });
  expect((await deliveryOf('kept'))?.revision).toBe(first.revision);

  const envoy = sluice.pid('envoy');
  process.kill(envoy, 'SIGSTOP');
  try {
    sluice.write({ 'changed.yaml': route('changed', '/third') });
    await delivered(
      'changed',
      ({ state, waitingFor }) => state === 'pending' && waitingFor?.[0] === 'envoy-0',
    );
    expect((await sluice.cli('get', 'httproutes')).output).toMatch(/changed .* pending$/m);
  } finally {
    process.kill(envoy, 'SIGCONT');
  }
  const third = await delivered('changed', ({ state }) => state === 'acknowledged');
  expect(third).toMatchObject({ delayMs: expect.any(Number), slowest: 'envoy-0' });
  expect((await sluice.cli('get', 'httproutes')).output).toMatch(/changed .* [\d.]+ m?s$/m);
  expect((await sluice.cli('get', 'httproutes')).output).toMatch(/foreign .* -$/m);
});
