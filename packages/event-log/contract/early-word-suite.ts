import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventLog, LogEvent, LogWriter } from '../src/index.ts';
import { Collector, event, events, facts, ir, type LogWorld, textOf } from './harness.ts';

/** What is said early is what comes, or nothing. */
export function earlyWordSuite(name: string, makeWorld: () => Promise<LogWorld>): void {
  describe(`${name}: early words`, () => {
    let world: LogWorld;
    let log: EventLog;
    let reader: Collector | undefined;
    /** What was heard, and before how many items came. */
    const heard: { readonly events: readonly LogEvent[]; readonly items: number }[] = [];

    beforeEach(async () => {
      world = await makeWorld();
      log = await world.connect();
      heard.length = 0;
    });
    afterEach(async () => {
      await reader?.stop();
      await world.close();
    });

    /** A writer that tells, and a reader that listens and is up to date. */
    async function pair(definition = facts, subjects?: readonly string[]): Promise<LogWriter> {
      await log.ensureStream(definition);
      const writer = await log.openWriter(definition.name, 'w', { tellsEarly: true });
      const { lastSeq } = definition.transactional
        ? await writer.transact([event('ir.v1.first', 'first')], event('revision.v1.all', 'r0'))
        : await writer.append([event('object.v1.first', 'first')]);
      reader = new Collector(await world.connect(), definition.name, {
        ...(subjects === undefined ? {} : { subjects }),
        early: (events) => heard.push({ events, items: reader?.items.length ?? 0 }),
      });
      await reader.caughtUpTo(lastSeq);
      return writer;
    }

    it('say what comes next, the same by its hash, before it comes', async () => {
      const writer = await pair();
      const { lastSeq } = await writer.append([event('object.v1.a', 'one')]);
      await reader?.caughtUpTo(lastSeq);
      expect(heard.map(({ events }) => events.map(textOf))).toEqual([['one']]);
      const came = reader?.batches.flatMap((batch) => batch.events).at(-1);
      expect(heard[0]?.events[0]?.hash).toBe(came?.hash);
      const at = reader?.batches.findIndex((batch) => batch.events.includes(came as LogEvent)) ?? -1;
      expect(heard[0]?.items).toBeLessThanOrEqual(at);
    });

    it('say a small transaction whole', async () => {
      const writer = await pair(ir);
      const changes = [event('ir.v1.a', 'a'), event('ir.v1.b', null)];
      const { lastSeq } = await writer.transact(changes, event('revision.v1.all', 'r1'));
      await reader?.caughtUpTo(lastSeq);
      expect(heard.map(({ events }) => events.map(textOf))).toEqual([['a', '', 'r1']]);
      const hashes = (of: readonly LogEvent[] | undefined) => of?.map(({ hash }) => hash);
      expect(hashes(heard[0]?.events)).toEqual(hashes(reader?.batches.at(-1)?.events));
    });

    it('say nothing of what a reader left out, of long transactions, and where the writer was not asked to', async () => {
      const writer = await pair(facts, ['object.v1.>']);
      await writer.append([event('rejection.v1.a', 'not asked for')]);
      await writer.append(events(20, 'several'));
      const silent = await log.openWriter('FACTS', 'silent');
      const { lastSeq } = await silent.append([event('object.v1.b', 'not told')]);
      await reader?.caughtUpTo(lastSeq);
      expect(heard.flatMap(({ events }) => events.map(textOf))).toEqual([]);
    });

    it('of a holder that was overtaken lead nowhere', async () => {
      const first = await pair();
      const second = await (await world.connect()).openWriter('FACTS', 'w', { tellsEarly: true });
      await expect(first.append([event('object.v1.a', 'late')])).rejects.toMatchObject({ code: 'fenced' });
      const { lastSeq } = await second.append([event('object.v1.a', 'new')]);
      await reader?.caughtUpTo(lastSeq);
      expect(reader?.texts).toEqual(['first', 'new']);
      expect(heard.at(-1)?.events.map(textOf)).toEqual(['new']);
    });

    it('that do not go on from what was read, or are none, are passed over', async () => {
      const writer = await pair();
      const other = await world.connect();
      const words: Uint8Array[] = [];
      const deaf = other.listen('early.FACTS', (data) => words.push(data));
      // Until the listener is known to the server, words may pass it by.
      const last = await untilHeard(writer, words);
      await reader?.caughtUpTo(last);
      deaf();
      const before = heard.length;
      const [word = new Uint8Array()] = words;
      const texts = ['', 'x', '[]\n', '{"a":1}\n', '[{"subject":"object.v1.a","headers":{},"bytes":0}]\n'];
      const forged = new TextDecoder('latin1').decode(word).replace('told', 'lies');
      const bytes = [...texts, forged].map((text) => Buffer.from(text, 'latin1'));
      for (const each of [word, ...bytes, Buffer.concat([word, word])]) other.notify('early.FACTS', each);
      const { lastSeq } = await writer.append([event('object.v1.end', 'end')]);
      await reader?.caughtUpTo(lastSeq);
      expect(heard.slice(before).flatMap(({ events }) => events.map(textOf))).toEqual(['end']);
    });
  });
}

/** Appends until a word of it was heard; answers the last sequence. */
async function untilHeard(writer: LogWriter, words: readonly unknown[]): Promise<number> {
  let seq = 0;
  for (let i = 0; words.length === 0; i++)
    ({ lastSeq: seq } = await writer.append([event(`object.v1.t${i}`, 'told')]));
  return seq;
}
