// Objects come, change and go, in any order, while the platform runs.
import { type EchoRequest, request, until } from '@sluice/testkit';
import { expect, it } from 'vitest';
import { gateway, httpListener, httpRoute, path, rule } from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const world = useSluice({ backends: ['one', 'two'], manifests: () => ({}) });

const toOne = httpRoute('route', {
  parent: 'edge',
  rules: [rule('one', { matches: [path('PathPrefix', '/a')] })],
});
const toTwo = httpRoute('route', {
  parent: 'edge',
  rules: [rule('two', { matches: [path('PathPrefix', '/a')] })],
});

/** Name of the backend that takes `/a` on port 80 of the Gateway `edge`, or the status. */
async function taker(port = 80): Promise<string | number> {
  const answer = await request({ ...(await world().sluice.target('edge', port)), path: '/a' });
  return answer.status === 200 ? answer.json<EchoRequest>().name : answer.status;
}

const becomes = (wanted: string | number, port = 80) =>
  until(async () => (await taker(port)) === wanted, { message: `${wanted} to answer` });

/** Waits until no cluster of Envoy is named so; unused ones are kept for some seconds, for requests under way. */
async function forgets(part: string): Promise<void> {
  let held: readonly string[] = [];
  await until(
    async () => {
      const { listeners, clusters } = await world().sluice.envoy.contents();
      held = [...listeners, ...clusters].filter((name) => name.includes(part));
      return held.length === 0;
    },
    { message: () => `Envoy to forget ${held.join(', ')}` },
  );
}

it('a Gateway, then its route: 404 until the route is there, never 503', async () => {
  const { sluice } = world();
  sluice.write({ 'gateway.yaml': gateway('edge') });
  await becomes(404);
  sluice.write({ 'route.yaml': toOne });
  const seen = new Set<string | number>();
  await until(async () => {
    const now = await taker();
    seen.add(now);
    return now === 'one';
  });
  expect([...seen].filter((what) => what !== 404 && what !== 'one')).toEqual([]);
});

it('a change of the backend is taken over', async () => {
  world().sluice.write({ 'route.yaml': toTwo });
  await becomes('two');
});

it('a listener that is added is served beside the first; one that is removed is closed', async () => {
  const { sluice } = world();
  sluice.write({
    'gateway.yaml': gateway('edge', [httpListener(), httpListener({ name: 'second', port: 8081 })]),
  });
  await becomes('two', 8081);
  expect(await taker()).toBe('two');
  sluice.write({ 'gateway.yaml': gateway('edge') });
  const target = await sluice.target('edge', 8081);
  await until(() =>
    request({ ...target, path: '/a' }).then(
      () => false,
      (error) => error.code === 'ECONNREFUSED',
    ),
  );
  expect(await taker()).toBe('two');
});

it('a route that goes leaves 404, and nothing of it in Envoy', async () => {
  const { sluice } = world();
  sluice.write({ 'route.yaml': null });
  await becomes(404);
  await forgets('default/two');
});

it('with the Gateway all is gone', async () => {
  world().sluice.write({ 'gateway.yaml': null });
  await forgets('default/');
});

it('the route first, then its Gateway', async () => {
  const { sluice } = world();
  sluice.write({ 'route.yaml': toOne });
  await until(() => sluice.find('httproutes', 'route'));
  sluice.write({ 'gateway.yaml': gateway('edge') });
  await becomes('one');
});

it('the Gateway goes first, then the route', async () => {
  const { sluice } = world();
  sluice.write({ 'gateway.yaml': null });
  await forgets('default/');
  sluice.write({ 'route.yaml': null, 'services.yaml': null });
  await until(async () => (await sluice.get('httproutes')).length === 0);
  await forgets('default/');
});

it('ends clean', async () => {
  await world().sluice.stop();
});
