import { expect, it } from 'vitest';
import { createMemoryLog, exportLog, importLog } from '../src/index.ts';
import { event, events, facts, ir, openWith, toArray } from './harness.ts';
import { makeJetStreamWorld } from './jetstream-world.ts';

it('carries a log from NATS to memory and to another NATS under the same hashes', async () => {
  const [here, there] = await Promise.all([makeJetStreamWorld(), makeJetStreamWorld()]);
  try {
    const log = await here.connect();
    const writer = await openWith(log, facts, 'w');
    await writer.append(events(10));
    await log.checkpoint('FACTS', writer, { purge: true });
    await writer.append([
      { subject: 'object.v1.bytes', type: 'T', tombstone: false, data: Uint8Array.from([0, 255, 128]) },
      event('object.v1.e1', null),
    ]);
    const translator = await openWith(log, ir, 't');
    await translator.transact([event('ir.v1.a', 'ü "quoted"\n')], event('revision.v1.r', 'c'));

    const memory = createMemoryLog();
    const other = await there.connect();
    for (const target of [memory, other]) {
      for (const stream of ['FACTS', 'IR']) {
        const lines = await toArray(exportLog(log, stream));
        const info = await importLog(target, lines);
        expect(info).toMatchObject({
          firstSeq: (await log.info(stream)).firstSeq,
          lastSeq: (await log.info(stream)).lastSeq,
        });
        expect((await target.stateAt(stream)).hash).toBe((await log.stateAt(stream)).hash);
        expect(await target.verify(stream)).toMatchObject({ damage: [] });
      }
      const heir = await target.openWriter('FACTS', 'w');
      expect(heir.epoch).toBe(2);
      await heir.append(events(1, 'goes-on'));
      await expect(
        importLog(target, ['{"definition":{"name":"FACTS"},"firstSeq":1,"format":"sluice-log/1"}']),
      ).rejects.toMatchObject({ code: 'stream-mismatch' });
    }
    expect(await toArray(exportLog(memory, 'IR'))).toEqual(await toArray(exportLog(log, 'IR')));
    await expect(importLog(memory, ['{}'])).rejects.toMatchObject({ code: 'stream-mismatch' });
  } finally {
    await Promise.all([here.close(), there.close()]);
  }
});
