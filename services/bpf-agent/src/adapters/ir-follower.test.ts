import { readFileSync } from 'node:fs';
import { createMemoryLog, type EventLog, type FollowItem, importLog } from '@sluice/event-log';
import type { IrResource } from '@sluice/ir';
import { createLogger } from '@sluice/service-kit';
import { until } from '@sluice/testkit';
import { afterEach, expect, test } from 'vitest';
import { endpoints, IrWriter, service } from '../testing/ir.ts';
import { IrFollower, type RevisionBatch } from './ir-follower.ts';

const web = service('web', [{ address: '10.96.0.1' }]);
const certificate: IrResource = {
  ...{ kind: 'certificate', key: 'default/c', uid: 'u', digest: 'd' },
  source: { group: '', kind: 'Secret', namespace: 'default', name: 'c' },
};

const stack: AsyncDisposableStack[] = [];
afterEach(async () => {
  for (const one of stack.splice(0)) await one.disposeAsync();
});

/** The log of a reader whom some of what is written never reaches; `loses` is asked of each item that comes. */
function losing(log: EventLog, loses: (item: FollowItem) => FollowItem): EventLog {
  const follow: EventLog['follow'] = async function* (...of) {
    for await (const item of log.follow(...of)) yield loses(item);
  };
  return new Proxy(log, {
    get: (_, name) => {
      if (name === 'follow') return follow;
      const found: unknown = Reflect.get(log, name);
      return typeof found === 'function' ? found.bind(log) : found;
    },
  });
}

async function start(loses?: (item: FollowItem) => FollowItem) {
  const log = createMemoryLog();
  const writer = await IrWriter.open(log);
  return { writer, ...follow(log, loses) };
}

function follow(log: EventLog, loses: (item: FollowItem) => FollowItem = (item) => item) {
  const own = new AsyncDisposableStack();
  stack.push(own);
  own.defer(() => log.close());
  const taken: RevisionBatch[] = [];
  const health: (string | undefined)[] = [];
  const ended = new AbortController();
  let differences = 0;
  const follower = new IrFollower({
    log: losing(log, loses),
    logger: createLogger({ service: 'bpf-agent', version: '0', replica: 'test', level: 'silent' }),
    signal: ended.signal,
    take: async (batch) => void taken.push(batch),
    health: (fault) => health.push(fault),
    differs: () => {
      differences += 1;
    },
  });
  const running = follower.run();
  own.defer(async () => {
    ended.abort();
    await running;
  });
  const reached = (seq: number) =>
    until(() => taken.at(-1)?.revision?.seq === seq, { timeoutMs: 60_000, message: `revision ${seq}` });
  return { taken, health, reached, differences: () => differences };
}

const keysOf = ({ changes }: RevisionBatch): string[] =>
  changes.map(({ kind, key }) => `${kind} ${key}`).sort();

/** The IR of a real run, with resources of every kind. */
function recordedIr(): string[] {
  const file = new URL('../../../../test/fixtures/every-kind.log.jsonl', import.meta.url);
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const isHead = (line: string): boolean => line.includes('"definition":');
  const head = lines.findIndex((line) => isHead(line) && line.includes('"name":"IR"'));
  const next = lines.findIndex((line, at) => at > head && isHead(line));
  return lines.slice(head, next < 0 ? undefined : next);
}

test('what a real run wrote adds up, of every kind', async () => {
  const log = createMemoryLog();
  await importLog(log, recordedIr());
  const { taken, differences } = follow(log);
  await until(() => taken.at(-1)?.caughtUp === true, { timeoutMs: 60_000, message: 'the end of the log' });
  expect(taken.at(-1)?.revision).toBeDefined();
  expect(taken.flatMap(keysOf)).not.toEqual([]);
  expect(differences()).toBe(0);
});

test('hands on what adds up to what the translator wrote down, kinds that it does not read included', async () => {
  const { writer, taken, health, reached, differences } = await start();
  await writer.commit([web, certificate]);
  await reached(1);
  await writer.commit([{ ...certificate, digest: 'other' }, endpoints('web', ['10.0.0.1'])]);
  await reached(2);
  await writer.commit([], [web, certificate]);
  await reached(3);
  expect(taken.slice(-2).map(keysOf)).toEqual([
    ['endpoint-group default/web-1/80'],
    ['l4-service default/web'],
  ]);
  expect(differences()).toBe(0);
  expect(health.filter((fault) => fault !== undefined)).toEqual([]);
});

test.each([
  ['one that it reads', 'ir.v1._.endpoint-group.'],
  ['one of another kind', 'ir.v1._.certificate.'],
])(
  'reads the log anew where it has missed a resource, %s, and hands on nothing before',
  async (_, prefix) => {
    let lost = 0;
    const { writer, taken, health, reached, differences } = await start((item) => {
      if (item.kind !== 'batch' || lost > 0) return item;
      const events = item.events.filter(({ subject }) => !subject.startsWith(prefix));
      lost = item.events.length - events.length;
      return { ...item, events };
    });
    await writer.commit([web]);
    await reached(1);
    const handedOn = taken.length;
    await writer.commit([certificate, endpoints('web', ['10.0.0.1'])]);
    await reached(2);
    expect([lost, differences()]).toEqual([1, 1]);
    const after = taken.slice(handedOn);
    expect(after.map(({ reset, revision }) => [reset, revision?.seq])).toEqual([[true, 2]]);
    expect(after.map(keysOf)).toEqual([['endpoint-group default/web-1/80', 'l4-service default/web']]);
    expect(health.slice(-2)).toEqual(['the IR differs from what the translator wrote down', undefined]);
  },
);

test('goes on, and says so, where reading anew comes to the same; is well again when the translator is', async () => {
  const { writer, taken, health, reached, differences } = await start();
  await writer.commit([web]);
  await reached(1);
  writer.setWrong(true);
  await writer.commit([endpoints('web', ['10.0.0.1'])]);
  await reached(2);
  expect(taken.at(-1)?.reset).toBe(true);
  await writer.commit([endpoints('web', ['10.0.0.2'])]);
  await reached(3);
  expect(taken.at(-1)?.reset).toBe(false);
  expect(differences()).toBe(3);
  expect(health.at(-1)).toBe('the IR differs from what the translator wrote down');
  writer.setWrong(false);
  await writer.commit([endpoints('web', ['10.0.0.3'])]);
  await reached(4);
  expect(health.at(-1)).toBeUndefined();
  expect(differences()).toBe(3);
});
