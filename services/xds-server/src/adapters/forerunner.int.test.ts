import { setImmediate } from 'node:timers/promises';
import { freePort, type RunningEnvoy, request, startBackend, until } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { attached, cluster, endpoints, forward, gateway, listener, route, rule } from '../testing/ir.ts';
import { Rig } from '../testing/rig.ts';

const count = 4_000;
const routes = Array.from({ length: count }, (_, n) =>
  route(`r${n}`, [rule(forward('one'))], attached([`h${n}.example`])),
);

/** Responses of a kind that were accepted. */
async function accepted(rig: Rig, kind: string): Promise<number> {
  const metric = await rig.registry.getSingleMetric('sluice_xds_push_to_ack_seconds')?.get();
  const values = metric?.values as { metricName?: string; labels: { kind?: string }; value: number }[];
  return values.find((each) => each.metricName?.endsWith('_count') && each.labels.kind === kind)?.value ?? 0;
}

/** Names of the listeners that do not drain. */
async function listenersOf(envoy: RunningEnvoy): Promise<string> {
  const dump = JSON.parse(await envoy.admin('/config_dump?resource=dynamic_listeners')) as {
    readonly configs: readonly { readonly name: string; readonly active_state?: object }[];
  };
  return dump.configs.flatMap(({ name, active_state }) => (active_state ? [name] : [])).join();
}

test('an Envoy that has started gets many routes in parts, and answers no request before it has the last', async () => {
  await using rig = new Rig({ layout: 'scoped' });
  await using backend = await startBackend({ name: 'one' });
  const port = await freePort();
  await rig.startServer();
  const envoy = await rig.startEnvoy('envoy-0', 'serving');
  const seen = new Set<number | 'refused'>();
  const ended = new AbortController();
  const client = async (index: number) => {
    while (!ended.signal.aborted) {
      const host = `h${index}.example`;
      const status = await request({ address: '127.0.0.1', port, host, path: '/' }).then(
        (answer) => answer.status,
        () => 'refused' as const,
      );
      seen.add(status);
      await setImmediate();
    }
  };
  const clients = [0, count / 2, count - 1].map(client);
  await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/80']),
    listener(port),
    cluster('one'),
    endpoints('one', [backend.port]),
    ...routes,
  ]);
  await until(() => seen.has(200), { message: 'a request to be answered' });
  ended.abort();
  await Promise.all(clients);
  expect(seen).toEqual(new Set(['refused', 200]));
  expect(await accepted(rig, 'scope')).toBeGreaterThan(2);
  await until(async () => (await listenersOf(envoy)) === 'shop/edge/80', {
    message: 'the forerunner to be gone',
  });

  // One that starts when all is there waits with its first listener for all routes.
  const responses = await accepted(rig, 'scope');
  const second = await rig.startEnvoy('envoy-1', 'serving');
  const dump = await second.admin('/config_dump?resource=dynamic_scoped_route_configs');
  expect(dump.match(/"domains"/g)).toHaveLength(count + 1);
  expect(await accepted(rig, 'scope')).toBe(responses + 1);
});
