// A burst on FACTS: 10,000 changes of 100 routes, as fast as the log takes them. The services work off what is there in
// as few steps as they can, fall behind by a bounded number of events and say so, and the newest wins.
import { connectEventLog, type EventLog, type LogWriter } from '@sluice/event-log';
import { decodeEvent, encodeEvent, type Fact, streams } from '@sluice/events';
import { kinds, type ObjectMeta, parseObject } from '@sluice/kinds';
import {
  freePort,
  request,
  serviceObjects,
  startBackend,
  startEnvoy,
  startNats,
  tempDir,
  until,
} from '@sluice/testkit';
import { envoyBootstrap } from '@sluice/xds-server/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { oneOfMany, placeOf } from '../harness/many-routes.ts';
import { metricsOf, total } from '../harness/metrics.ts';
import { gateway, httpListener } from '../harness/objects.ts';
import { startService } from '../harness/services.ts';

const routes = 100;
const rounds = 100;
const controllerName = 'sluice.dev/gateway-controller';
const layout = 'own hostnames';

const stack = new AsyncDisposableStack();
const dir = stack.use(tempDir());
let log: EventLog;
let facts: LogWriter;
let port = 0;

function changed(manifest: object): Fact {
  const parsed = parseObject(manifest);
  if (!parsed.ok || parsed.object.kind === 'Secret') throw new TypeError('not an object for FACTS');
  const { object } = parsed;
  const metadata: ObjectMeta = { ...object.metadata, uid: object.metadata.name };
  return {
    type: 'ObjectChanged',
    object: { ...object, metadata } as typeof object,
    origin: { file: 'burst.yaml', line: 1, column: 1 },
  };
}

function world(backend: { address: string; port: number }): Fact[] {
  const gatewayRef = {
    group: 'gateway.networking.k8s.io',
    kind: 'Gateway',
    namespace: 'default',
    name: 'edge',
  };
  return [
    changed({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: 'sluice' },
      spec: { controllerName },
    }),
    changed(gateway('edge', [httpListener({ port })])),
    ...serviceObjects({ name: 'echo', endpoints: [backend] }).map(changed),
    {
      type: 'AddressAssigned',
      gateway: gatewayRef,
      addresses: ['127.0.0.1'],
      lowPortOffset: 0,
      unusable: [],
    },
    ...round(0),
    ...kinds.map(
      ({ group, kind }): Fact => ({ type: 'KindSynced', group, kind, state: 'synced', reason: '' }),
    ),
  ];
}

function round(version: number): Fact[] {
  return Array.from({ length: routes }, (_, i) => changed(oneOfMany(layout, i, `${version}`)));
}

async function servedVersions(): Promise<Set<string | undefined>> {
  const answers = await Promise.all(
    Array.from({ length: routes }, (_, i) => {
      const { host, path } = placeOf(layout, i);
      return request({ address: '127.0.0.1', port, path, host });
    }),
  );
  return new Set(answers.map(({ headers }) => String(headers['x-version'])));
}

beforeAll(async () => {
  port = await freePort();
  const backend = stack.use(await startBackend({ name: 'echo' }));
  const nats = stack.use(await startNats());
  log = await connectEventLog({ url: nats.url, monitorUrl: nats.monitorUrl, name: 'burst' });
  stack.defer(() => log.close());
  for (const definition of Object.values(streams)) await log.ensureStream(definition);
  facts = await log.openWriter('FACTS', 'api-watcher');
  await facts.append(world(backend).map((fact) => encodeEvent(fact)));
  const xdsSocket = dir.file('run', 'xds.sock');
  stack.use(
    await startService({
      name: 'translator',
      dataDir: dir.path,
      nats,
      env: { SLUICE_CONTROLLER_NAMES: controllerName },
    }),
  );
  stack.use(
    await startService({
      name: 'xds-server',
      dataDir: dir.path,
      nats,
      env: { SLUICE_XDS_LISTEN: `unix:${xdsSocket}`, SLUICE_STATE_FILE: dir.file('xds.sqlite') },
    }),
  );
  stack.use(
    await startEnvoy({ bootstrap: envoyBootstrap({ nodeId: 'envoy-0', nodeCluster: 'test', xdsSocket }) }),
  );
  await until(async () => [...(await servedVersions())].join() === '0', {
    intervalMs: 200,
  });
});
afterAll(() => stack.disposeAsync());

async function revisions(fromSeq: number): Promise<number> {
  let count = 0;
  for await (const event of log.read('IR', { fromSeq, subjects: ['revision.v1.>'] })) {
    const decoded = decodeEvent('IR', event.data);
    if (decoded.ok && decoded.event.type === 'RevisionCommitted') count += 1;
  }
  return count;
}

async function figures() {
  const xds = await metricsOf(dir.path, 'xds-server');
  const translator = await metricsOf(dir.path, 'translator');
  return {
    lag: total(translator, 'sluice_log_lag_events') + total(xds, 'sluice_log_lag_events'),
    sent: total(xds, 'sluice_xds_resources_sent_total'),
    facts: total(translator, 'sluice_translator_facts_total'),
  };
}

it(`${routes * rounds} changes at once become few revisions and fewer pushes, and the newest is served`, async () => {
  const before = await figures();
  const { lastSeq } = await log.info('IR');
  const lags: number[] = [];
  let writing = true;
  const watching = (async () => {
    while (writing) lags.push((await figures()).lag);
  })();
  for (let version = 1; version <= rounds; version += 10) {
    const events = Array.from({ length: 10 }, (_, i) => round(version + i)).flat();
    await facts.append(events.map((fact) => encodeEvent(fact)));
  }
  writing = false;
  await watching;
  await until(async () => [...(await servedVersions())].join() === `${rounds}`, {
    intervalMs: 200,
    message: 'the newest version of every route',
  });
  await until(async () => (await figures()).lag === 0, { message: 'the lag to be gone' });

  const after = await figures();
  expect(after.facts - before.facts).toBe(routes * rounds);
  expect(Math.max(...lags)).toBeGreaterThan(0);
  expect(Math.max(...lags)).toBeLessThanOrEqual(2 * routes * rounds);
  const made = await revisions(lastSeq + 1);
  expect(made).toBeGreaterThan(0);
  expect(made).toBeLessThan((routes * rounds) / 50);
  expect(after.sent - before.sent).toBeLessThan((routes * rounds) / 2);
});
