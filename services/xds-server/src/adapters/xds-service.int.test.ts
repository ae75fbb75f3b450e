import { freePort, request, startBackend, until } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { cluster, endpoints, forward, gateway, listener, prefix, route, rule } from '../testing/ir.ts';
import { Rig } from '../testing/rig.ts';

test('a request goes through a real Envoy, and the revision counts as acknowledged', async () => {
  await using rig = new Rig();
  await using backend = await startBackend({ name: 'details' });
  const port = await freePort();
  await rig.startServer();
  await rig.startEnvoy();
  await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/80']),
    listener(port),
    cluster('details'),
    endpoints('details', [backend.port]),
    route('details', [rule(forward('details'), { matches: [prefix('/details')] })]),
  ]);
  const answer = await until(() =>
    request({ address: '127.0.0.1', port, path: '/details/1', host: 'shop.example:8080' }),
  );
  expect(answer.status).toBe(200);
  expect(answer.json()).toMatchObject({ name: 'details', host: 'shop.example:8080', path: '/details/1' });
  const missing = await request({ address: '127.0.0.1', port, path: '/detailsx' });
  expect(missing.status).toBe(404);
  expect(missing.json()).toMatchObject({ error: 'no_route', flags: 'NR', status: 404 });
  expect(rig.failures).toEqual([]);
});
