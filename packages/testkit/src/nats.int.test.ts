import { existsSync } from 'node:fs';
import { connectEventLog } from '@sluice/event-log';
import { expect, it } from 'vitest';
import { startNats } from './nats.ts';
import { isAlive } from './process.ts';

it('keeps its port and what it was told over a kill, and leaves nothing behind', async () => {
  const nats = await startNats();
  const definition = { name: 'T', subjects: ['t.>'], transactional: false };
  const event = { subject: 't.a', type: 'X', tombstone: false, data: new TextEncoder().encode('{}') };
  const connect = () => connectEventLog({ url: nats.url, monitorUrl: nats.monitorUrl, name: 'test' });
  const first = await connect();
  await first.ensureStream(definition);
  const writer = await first.openWriter('T', 'w');
  const { lastSeq } = await writer.append([event]);
  const pid = nats.pid;
  await nats.kill();
  expect(isAlive(pid)).toBe(false);
  await nats.restart();
  expect(nats.pid).not.toBe(pid);
  const second = await connect();
  expect((await second.info('T')).lastSeq).toBe(lastSeq);
  await Promise.all([first.close(), second.close()]);
  const last = nats.pid;
  await nats[Symbol.asyncDispose]();
  expect(isAlive(last)).toBe(false);
  expect(existsSync(nats.storeDir)).toBe(false);
});
