// Questions over the log's core messages, to a real kernel whose programs have seen packets.
import { createMemoryLog } from '@sluice/event-log';
import {
  type DatapathAnswer,
  type DatapathQuestion,
  datapathAnswerSubject,
  datapathAskSubject,
  decodeDatapathAnswer,
  encodeDatapathQuestion,
} from '@sluice/events';
import { describeIf } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Kernel } from '../core/kernel-port.ts';
import { mapSizes } from '../core/maps/room.ts';
import { putService } from '../testing/map-world.ts';
import { startPacketKernel } from '../testing/packet-kernel.ts';
import { outcomeOf } from '../testing/packet-run.ts';
import { missingForKernel, type TestKernel } from '../testing/test-kernel.ts';
import { Questions } from './questions.ts';

describeIf(missingForKernel())('questions to an agent', () => {
  const log = createMemoryLog();
  let running: TestKernel;
  let kernel: Kernel;
  let questions: Questions;
  beforeAll(async () => {
    running = await startPacketKernel();
    kernel = running.kernel;
    await kernel.remove('lb_conntrack', await kernel.dump('lb_conntrack'));
    await putService(kernel, { at: 'tcp 203.0.113.1:80', set: 1n, backends: ['10.244.1.2:8080'] });
    await putService(kernel, { at: 'tcp 203.0.113.2:80', set: 2n, backends: ['10.244.2.2:8080*'] });
    for (const client of ['198.51.100.7:4100', '198.51.100.8:4100'])
      await outcomeOf(kernel, 'in', `tcp ${client} > 203.0.113.1:80 S`);
    await outcomeOf(kernel, 'in', 'tcp 198.51.100.7:4101 > 203.0.113.2:80 S');
    questions = new Questions({ log, kernel, node: 'node-1', revision: () => ({ epoch: 1, seq: 7 }) });
    questions.start();
  });
  afterAll(async () => {
    await questions?.stop();
    await running?.stop();
    await log.close();
  });

  let asked = 0;
  const ask = async (about: DatapathQuestion['about']): Promise<DatapathAnswer> => {
    asked += 1;
    const id = `${asked}`.padStart(32, '0');
    const answered = Promise.withResolvers<DatapathAnswer>();
    const stop = log.listen(datapathAnswerSubject(id), (data) =>
      answered.resolve(decodeDatapathAnswer(data)),
    );
    log.notify(datapathAskSubject('node-1'), encodeDatapathQuestion({ id, about }));
    return answered.promise.finally(stop);
  };

  test('how full maps are, what they take, and what was lost', async () => {
    const answer = await ask({ kind: 'state' });
    expect(answer).toMatchObject({ kind: 'state', node: 'node-1', revision: { epoch: 1, seq: 7 }, lost: 0 });
    if (answer.kind !== 'state') return;
    const of = (name: string) => answer.maps.find(({ map }) => map === name);
    expect(of('lb_frontends')).toMatchObject({ entries: 2, maxEntries: 65_536 });
    expect(of('lb_conntrack')).toMatchObject({ entries: 2 + 2 + 4, maxEntries: 131_072 });
    expect(of('lb_frontends')?.bytes).toBeGreaterThan(0);
    expect(of('lb_settings')).toBeUndefined();
    for (const [map, size] of Object.entries(mapSizes)) expect(of(map)?.maxEntries, map).toBe(size);
  });

  test('connections of all, of a client, of a Service; no more than were asked for, and how many there are', async () => {
    const all = await ask({ kind: 'conntrack', limit: 1_000 });
    expect(all).toMatchObject({ kind: 'conntrack', node: 'node-1', total: 3 });
    if (all.kind !== 'conntrack') return;
    expect(all.connections.find(({ frontend }) => frontend.address === '203.0.113.2')).toMatchObject({
      client: { address: '198.51.100.7', port: 4101 },
      backend: { address: '10.244.2.2', port: 8080 },
      ...{ nodePort: 2_000, state: 'new', protocol: 'TCP' },
    });
    const frontends = [{ protocol: 'TCP' as const, address: '203.0.113.1', port: 80 }];
    const client = '198.51.100.8';
    expect(await ask({ kind: 'conntrack', limit: 1, frontends })).toMatchObject({
      connections: [{}],
      total: 2,
    });
    expect(await ask({ kind: 'conntrack', limit: 9, frontends, client })).toMatchObject({ total: 1 });
  });

  test('what is no question has no answer, and a dead kernel is told as such', async () => {
    log.notify(datapathAskSubject('node-1'), new TextEncoder().encode('{"id":"x"}'));
    const gone = new Questions({ log, kernel: running.another(), node: 'node-2', revision: () => undefined });
    gone.start();
    const answered = Promise.withResolvers<DatapathAnswer>();
    const id = 'f'.repeat(32);
    log.listen(datapathAnswerSubject(id), (data) => answered.resolve(decodeDatapathAnswer(data)));
    log.notify(datapathAskSubject('node-2'), encodeDatapathQuestion({ id, about: { kind: 'state' } }));
    expect(await answered.promise).toEqual({
      ...{ kind: 'fault', node: 'node-2', message: 'nothing is loaded: call load first' },
    });
    await gone.stop();
  });
});
