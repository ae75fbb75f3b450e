import { type Backend, freePort, LoadGenerator, request, startBackend, until } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { cluster, endpoints, forward, gateway, listener, prefix, route, rule } from '../testing/ir.ts';
import { Rig } from '../testing/rig.ts';

const edit = { set: [{ name: 'x-round', value: '100%' }], add: [], remove: [] };

test('20 rounds of route and backend changes under load fail no request', async () => {
  await using rig = new Rig({ drainMs: 200 });
  const port = await freePort();
  await rig.startServer();
  await rig.startEnvoy();
  let old = await startBackend({ name: 'v0' });
  const rolled: Backend[] = [];
  await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/80']),
    listener(port),
    cluster('v0'),
    endpoints('v0', [old.port]),
    route('r', [rule(forward('v0'), { requestHeaders: edit })]),
  ]);
  const target = { address: '127.0.0.1', port };
  await using load = new LoadGenerator({ ...target, ratePerSecond: 200, connections: 8 });
  for (let round = 1; round <= 20; round++) {
    const next = await startBackend({ name: `v${round}` });
    const service = `v${round}`;
    // The backend flips to a new Service, and the header filter moves between the rule and the backend.
    const action = forward([
      { cluster: `shop/${service}/80`, weight: 1, ...(round % 2 === 1 ? { requestHeaders: edit } : {}) },
    ]);
    await rig.apply(
      [
        cluster(service),
        endpoints(service, [next.port]),
        route('r', [rule(action, round % 2 === 1 ? {} : { requestHeaders: edit })]),
      ],
      [cluster(`v${round - 1}`), endpoints(`v${round - 1}`, [])],
    );
    const answer = await request(target);
    expect(answer.json()).toMatchObject({ name: service, headers: { 'x-round': '100%' } });
    rolled.push(old);
    old = next;
  }
  // A rollout behind one Service: a second endpoint comes, the first drains, then goes.
  const last = await startBackend({ name: 'last' });
  await rig.apply([endpoints('v20', [old.port, last.port])]);
  await rig.apply([
    endpoints('v20', [{ address: '127.0.0.1', port: old.port, state: 'draining' }, last.port]),
  ]);
  await rig.apply([endpoints('v20', [last.port])]);
  await until(() => load.answered > 100, { message: 'requests through all of it' });
  const report = await load.stop();
  expect(report.failures).toEqual([]);
  for (const backend of [...rolled, old, last]) await backend.close();
});

test('a new route answers 404, then 200, and nothing between', async () => {
  await using rig = new Rig();
  await using backend = await startBackend({ name: 'new' });
  const port = await freePort();
  await rig.startServer();
  await rig.startEnvoy();
  await rig.apply([gateway(['127.0.0.1'], ['shop/edge/80']), listener(port)]);
  await using load = new LoadGenerator({
    address: '127.0.0.1',
    port,
    path: '/svc9/x',
    ratePerSecond: 500,
    judge: ({ status }) => (status === 200 || status === 404 ? undefined : `status ${status}`),
  });
  for (let n = 0; n < 10; n++) {
    const service = `svc${n}`;
    await rig.apply([
      cluster(service),
      endpoints(service, [backend.port]),
      route(service, [rule(forward(service), { matches: [prefix(`/${service}`)] })]),
    ]);
    // Acknowledged means that it works: the very first request after it is answered by the backend.
    expect((await request({ address: '127.0.0.1', port, path: `/${service}/x` })).status).toBe(200);
  }
  const report = await load.stop();
  expect(report.failures).toEqual([]);
  expect(report.byStatus[404]).toBeGreaterThan(0);
});
