import { createMemoryLog } from '@sluice/event-log';
import { encodeEvent, streams } from '@sluice/events';
import { until } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { LiveWorld } from './live-world.ts';

const fact = (resource: string) =>
  encodeEvent({
    type: 'ResourceRejected',
    node: 'n',
    typeUrl: 'type.googleapis.com/x',
    resource,
    sources: [],
    message: 'no'.repeat(500),
    revision: { epoch: 1, seq: 1 },
  });

async function followed(facts: number) {
  const log = createMemoryLog();
  for (const stream of ['FACTS', 'STATUS', 'ACKS', 'IR'] as const) await log.ensureStream(streams[stream]);
  const writer = await log.openWriter('FACTS', 'w');
  await writer.append(Array.from({ length: facts }, (_, i) => fact(`r${i}`)));
  const acks = await log.openWriter('ACKS', 'x');
  const patienceMs = 3_600_000;
  const live = new LiveWorld({ connect: () => Promise.resolve(log), changed: () => {}, patienceMs });
  live.begin();
  return { live, acks };
}

test('a small log is read whether Envoys have it or not', async () => {
  const { live } = await followed(10);
  await until(() => live.isCurrent(), { timeoutMs: 60_000 });
  expect(live.state.newestFact).toBeGreaterThan(10);
  live.close();
});

test('the objects of a large log are read once an Envoy has acknowledged something', async () => {
  const { live, acks } = await followed(1_500);
  const envoy = { type: 'EnvoyStateChanged', server: 'x', node: 'n', state: 'connected' } as const;
  await acks.append([encodeEvent({ ...envoy, acked: null })]);
  await until(() => live.state.world.envoys.size === 1, { timeoutMs: 60_000 });
  expect(live.state.newestFact).toBe(0);
  await acks.append([encodeEvent({ ...envoy, acked: { epoch: 1, seq: 1 } })]);
  await until(() => live.isCurrent(), { timeoutMs: 60_000 });
  expect(live.state.newestFact).toBeGreaterThan(1);
  live.close();
});
