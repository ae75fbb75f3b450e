// What a writer expects of the stream with each append: its own last message while nobody else writes, else its lease.
import { expect, it } from 'vitest';
import { events, facts, openWith, readAll, textOf } from '../../contract/harness.ts';
import type { Expectation, PublishOutcome } from '../backend.ts';
import { createMemoryLog, type LogWriter, MemoryServer, type NewEvent } from '../index.ts';
import type { OutMessage } from '../model/message.ts';

class Recorder extends MemoryServer {
  readonly expected: string[] = [];

  override publish(
    name: string,
    messages: readonly OutMessage[],
    options: { id: string; expect: Expectation },
  ): PublishOutcome {
    const outcome = super.publish(name, messages, options);
    const kind = 'lastId' in options.expect ? 'own last message' : 'lease';
    this.expected.push(outcome.kind === 'stored' ? kind : `${kind}: ${outcome.kind}`);
    return outcome;
  }

  take(): string[] {
    return this.expected.splice(0);
  }
}

async function appendEach(writer: LogWriter, of: readonly NewEvent[]): Promise<void> {
  for (const event of of) await writer.append([event]);
}

it('is the own last message while nobody else writes', async () => {
  const server = new Recorder();
  const writer = await openWith(createMemoryLog({ server }), facts, 'w');
  server.take();
  await appendEach(writer, events(4));
  expect(server.take()).toEqual(['lease', ...Array(3).fill('own last message')]);
});

it('is the lease again once somebody else has written, or a batch without ids has', async () => {
  const server = new Recorder();
  const log = createMemoryLog({ server });
  const writer = await openWith(log, facts, 'w');
  await appendEach(writer, events(2));
  await log.openWriter('FACTS', 'other');
  server.take();
  await appendEach(writer, events(3, 'x'));
  expect(server.take()).toEqual(['own last message: conflict', 'lease', 'lease', 'own last message']);
  await writer.append(events(9, 'batch'));
  await appendEach(writer, events(2, 'y'));
  expect(server.take()).toEqual(['lease', 'lease', 'own last message']);
});

it('costs writers that take turns no second try', async () => {
  const server = new Recorder();
  const log = createMemoryLog({ server });
  const writers = [await openWith(log, facts, 'a'), await log.openWriter('FACTS', 'b')];
  server.take();
  for (let i = 0; i < 5; i++) for (const writer of writers) await writer.append(events(1, `${i}`));
  expect(server.take()).toEqual(Array(10).fill('lease'));
});

it('never lets a writer past whoever took its lease, though it was the last to write', async () => {
  const server = new Recorder();
  const log = createMemoryLog({ server });
  const first = await openWith(log, facts, 'w');
  await appendEach(first, events(3));
  const second = await log.openWriter('FACTS', 'w');
  await expect(first.append(events(1, 'late'))).rejects.toMatchObject({ code: 'fenced' });
  await second.append(events(1, 'new'));
  expect(await readAll(log, 'FACTS')).toEqual([...events(3), ...events(1, 'new')].map(textOf));
});

it('never takes a message for its own last one that came into its place', async () => {
  const server = new Recorder();
  const log = createMemoryLog({ server });
  const first = await openWith(log, facts, 'w');
  await appendEach(first, events(3));
  const { lastSeq } = await log.info('FACTS');
  server.cutTail('FACTS', lastSeq - 2);
  const second = await log.openWriter('FACTS', 'w');
  await second.append(events(1, 'new'));
  expect((await log.info('FACTS')).lastSeq).toBe(lastSeq);
  await expect(first.append(events(1, 'late'))).rejects.toMatchObject({ code: 'fenced' });
});
