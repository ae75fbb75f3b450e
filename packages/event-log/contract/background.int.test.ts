// A log that is opened while there is no server: it behaves as in an outage, and works once a server comes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  type ConnectionState,
  connectEventLog,
  freePort,
  type NatsServer,
  startNatsServer,
} from '../src/index.ts';
import { Collector, events, facts, textOf } from './harness.ts';
import { natsBinary } from './jetstream-world.ts';

async function serverless() {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-event-log-'));
  const port = await freePort();
  const monitorPort = await freePort();
  const states: ConnectionState[] = [];
  let server: NatsServer | undefined;
  const log = await connectEventLog({
    url: `nats://127.0.0.1:${port}`,
    monitorUrl: `http://127.0.0.1:${monitorPort}`,
    name: 'early',
    background: true,
    onConnection: (state) => states.push(state),
  });
  return {
    log,
    states,
    start: async () => {
      server = await startNatsServer({ binary: natsBinary, dir, port, monitorPort });
    },
    kill: () => server?.kill(),
    [Symbol.asyncDispose]: async () => {
      await log.close();
      await server?.kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

it('what was asked for before the server came is done when it is there', async () => {
  await using world = await serverless();
  const { log, states } = world;
  expect(log.connected).toBe(false);
  const heard: string[] = [];
  const silence = log.listen('beat.a', (data) => heard.push(new TextDecoder().decode(data)));
  log.notify('beat.a', new TextEncoder().encode('lost'));
  const reader = new Collector(log, 'FACTS');
  const written = log
    .ensureStream(facts)
    .then(() => log.openWriter('FACTS', 'w'))
    .then((writer) => writer.append(events(3)));
  await world.start();
  const { lastSeq } = await written;
  await reader.caughtUpTo(lastSeq);
  expect(reader.texts).toEqual(events(3).map(textOf));
  log.notify('beat.a', new TextEncoder().encode('heard'));
  await log.info('FACTS');
  expect(heard).toEqual(['heard']);
  silence();
  expect(log.connected).toBe(true);
  expect(states.at(0)).toMatchObject({
    connected: false,
    reason: expect.stringMatching(/cannot be reached/),
  });
  expect(states.at(-1)).toEqual({ connected: true, reason: '' });
  await world.kill();
  await expect.poll(() => states.at(-1)?.connected).toBe(false);
  await world.start();
  await expect.poll(() => states.at(-1)?.connected, { timeout: 10_000 }).toBe(true);
  await reader.stop();
});

it('closing it ends what waits', async () => {
  await using world = await serverless();
  const waiting = expect(world.log.ensureStream(facts)).rejects.toMatchObject({ code: 'closed' });
  await world.log.close();
  await waiting;
});
