// Nothing drops: 20 rounds of each kind of change under steady load, without one failed request.
import {
  type Backend,
  LoadGenerator,
  type LoadReport,
  request,
  serviceObjects,
  startBackend,
  until,
} from '@sluice/testkit';
import { expect, it } from 'vitest';
import { backendRef, gateway, httpRoute, path, rule } from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const rounds = 20;
const world = useSluice({
  backends: ['blue', 'green'],
  manifests: () => ({ 'gateway.yaml': gateway('edge'), 'route.yaml': flipped('blue', 'rule') }),
});

/** The route to one of two backends, with the marking header set by the rule or by the backendRef. */
function flipped(service: string, at: 'rule' | 'backend'): object {
  const filters = [
    {
      type: 'RequestHeaderModifier',
      requestHeaderModifier: { set: [{ name: 'x-marked', value: `${service}-${at}` }] },
    },
  ];
  const marked =
    at === 'rule'
      ? { filters, backendRefs: [backendRef(service)] }
      : { backendRefs: [backendRef(service, { filters })] };
  return httpRoute('route', {
    parent: 'edge',
    rules: [{ matches: [path('PathPrefix', '/flip')], ...marked }],
  });
}

async function load(at: string): Promise<LoadGenerator> {
  return new LoadGenerator({
    ...(await world().sluice.target('edge', 80)),
    path: at,
    ratePerSecond: 100,
    maxSeconds: 110,
  });
}

function expectNoFailure(report: LoadReport): void {
  expect(report.failures).toEqual([]);
  expect(report.byStatus).toEqual({ 200: report.sent });
}

it(`${rounds} rounds: the backend flips while a header filter moves between rule and backendRef`, async () => {
  await using running = await load('/flip');
  for (let round = 0; round < rounds; round += 1) {
    const name = round % 2 === 0 ? 'green' : 'blue';
    const before = world().backend(name).requests;
    world().sluice.write({ 'route.yaml': flipped(name, round % 4 < 2 ? 'backend' : 'rule') });
    await until(() => world().backend(name).requests > before + 2, {
      message: `${name} in round ${round}`,
    });
  }
  expectNoFailure(await running.stop());
});

it(`${rounds} rounds: a backend is replaced by the next, and ends once nothing is sent to it any more`, async () => {
  const { sluice } = world();
  let current = await startBackend({ name: 'rolling' });
  const publish = (backend: Backend) =>
    sluice.write({ 'rolling.yaml': serviceObjects({ name: 'rolling', endpoints: [backend] }) });
  publish(current);
  sluice.write({
    'rolling-route.yaml': httpRoute('rolling', {
      parent: 'edge',
      rules: [rule('rolling', { matches: [path('PathPrefix', '/roll')] })],
    }),
  });
  const target = await sluice.target('edge', 80);
  await until(async () => (await request({ ...target, path: '/roll' })).status === 200);
  await using running = await load('/roll');
  for (let round = 0; round < rounds; round += 1) {
    const next = await startBackend({ name: 'rolling' });
    publish(next);
    await until(() => next.requests > 2, { message: `the new backend of round ${round}` });
    const old = `${current.address}:${current.port}::`;
    await until(async () => !(await sluice.envoy.text('/clusters')).includes(old), {
      message: 'Envoy to forget the old one',
    });
    await current.close();
    current = next;
  }
  expectNoFailure(await running.stop());
  await current.close();
});

it(`${rounds} rounds: a new route to a new Service answers 404, then 200, and nothing between`, async () => {
  const { sluice, backend } = world();
  const target = await sluice.target('edge', 80);
  for (let round = 0; round < rounds; round += 1) {
    const name = `fresh-${round}`;
    const at = `/fresh/${round}`;
    const seen: number[] = [];
    const look = async () => {
      seen.push((await request({ ...target, path: at })).status);
      return seen.at(-1) === 200;
    };
    expect(await look()).toBe(false);
    const route = httpRoute(name, {
      parent: 'edge',
      rules: [rule(name, { matches: [path('PathPrefix', at)] })],
    });
    sluice.write({ [`${name}.yaml`]: [route, ...serviceObjects({ name, endpoints: [backend('blue')] })] });
    await until(look, {
      intervalMs: 1,
      message: () => `200 in round ${round}; seen ${[...new Set(seen)]}`,
    });
    expect([...new Set(seen)]).toEqual([404, 200]);
  }
});
