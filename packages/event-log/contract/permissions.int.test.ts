// Least power, on a real server: what each kind of user may do works, and nothing else gets through.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  connectEventLog,
  type EventLog,
  type NatsServer,
  type StreamAccess,
  startNatsServer,
  streamPermissions,
} from '../src/index.ts';
import { acks, Collector, event, facts, ir, openWith } from './harness.ts';
import { natsBinary } from './jetstream-world.ts';

const access = {
  source: { writes: { FACTS: ['object.v1.>'] }, reads: ['ACKS'], owns: ['FACTS'] },
  deriver: {
    writes: { IR: ['ir.v1.>', 'revision.v1.>'], FACTS: [] },
    checkpoints: ['FACTS'],
    reads: ['FACTS', 'ACKS'],
    owns: ['IR'],
  },
  server: {
    writes: { ACKS: ['ack.v1.>'], FACTS: ['rejection.v1.>'] },
    reads: ['IR'],
    owns: ['ACKS'],
    writerNames: ['server-0', 'server-1'],
    notifies: ['beat.server.>'],
  },
  node: { writes: { ACKS: ['ack.v1.node.>'] }, reads: [], writerNames: ['node.*'] },
  watcher: { writes: {}, reads: ['FACTS', 'IR'], listens: ['beat.>'] },
} satisfies Record<string, StreamAccess>;
type User = keyof typeof access;

let dir: string;
let server: NatsServer;
const logs = {} as Record<User, EventLog>;
const raw = {} as Record<User, NatsConnection>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-permissions-'));
  const names = Object.keys(access) as User[];
  const users = Object.fromEntries(
    names.map((name) => [name, { permissions: streamPermissions(name, access[name]) }]),
  );
  server = await startNatsServer({ binary: natsBinary, dir, users });
  for (const name of names) {
    const seed = server.seeds[name] ?? '';
    logs[name] = await connectEventLog({ url: server.url, monitorUrl: server.monitorUrl, name, seed });
    raw[name] = await connect({
      servers: server.url,
      inboxPrefix: `_INBOX_${name}`,
      authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
    });
  }
});
afterAll(async () => {
  await Promise.all([
    ...Object.values(logs).map((log) => log.close()),
    ...Object.values(raw).map((nats) => nats.close()),
  ]);
  await server?.kill();
  await rm(dir, { recursive: true, force: true });
});

it('lets each user do all of its work', async () => {
  const source = await openWith(logs.source, facts, 'source');
  await source.append([event('object.v1.a', '1'), event('object.v1.b', '2')]);
  const deriver = await openWith(logs.deriver, ir, 'deriver');
  await deriver.transact([event('ir.v1.a', '1')], event('revision.v1.r', 'c'));
  for (const name of ['server-0', 'server-1']) {
    await (await openWith(logs.server, acks, name)).append([event(`ack.v1.${name}`, '1')]);
    await (await openWith(logs.server, facts, name)).append([event('rejection.v1.x', '1')]);
  }
  for (const name of ['node.a', 'node.b'])
    await (await openWith(logs.node, acks, name)).append([event(`ack.v1.${name}`, '1')]);
  await logs.source.checkpoint('FACTS', source, { purge: true });
  await logs.deriver.checkpoint('FACTS', await logs.deriver.openWriter('FACTS', 'deriver'), { purge: true });
  await source.append([event('object.v1.b', '4')]);
  await source.startEpoch('test');
  await source.append([event('object.v1.a', '3')]);
  await logs.deriver.checkpoint('IR', deriver, { purge: true });
  for (const [name, stream] of [
    ['watcher', 'FACTS'],
    ['watcher', 'IR'],
    ['deriver', 'ACKS'],
    ['server', 'IR'],
    ['source', 'ACKS'],
  ] as const) {
    const follower = await new Collector(logs[name], stream).until(({ batches }) => batches.length > 0);
    await follower.stop();
    expect(follower.texts.length).toBeGreaterThan(0);
    expect((await logs[name].verify(stream)).damage).toEqual([]);
  }
  const heard = new Promise<string>((resolve) => {
    logs.watcher.listen('beat.>', (data) => resolve(new TextDecoder().decode(data)));
  });
  await logs.watcher.info('FACTS');
  logs.server.notify('beat.server.0', new TextEncoder().encode('alive'));
  expect(await heard).toBe('alive');
});

/** Publishes as the user; answers the server's objection, or undefined. */
async function refusal(user: User, subject: string): Promise<string | undefined> {
  try {
    await raw[user].request(subject, '{}', { timeout: 5_000 });
    return undefined;
  } catch (error) {
    return error instanceof Error
      ? `${error.name} ${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`
      : 'unknown';
  }
}

describe('refuses', () => {
  const cases: [User, string][] = [
    ['source', 'ir.v1.a'],
    ['source', 'rejection.v1.x'],
    ['source', '$JS.API.STREAM.PURGE.IR'],
    ['source', '$JS.API.CONSUMER.CREATE.IR.x'],
    ['deriver', 'object.v1.a'],
    ['deriver', 'log.v1.FACTS.epoch'],
    ['deriver', 'log.v1.FACTS.aborted.source'],
    ['server', '$JS.API.STREAM.PURGE.FACTS'],
    ['server', 'object.v1.a'],
    ['server', 'ir.v1.a'],
    ['server', 'log.v1.FACTS.epoch'],
    ['server', 'log.v1.FACTS.lease.source'],
    ['server', 'log.v1.FACTS.checkpoint'],
    ['node', 'ack.v1.server.a'],
    ['node', 'log.v1.ACKS.lease.server-0'],
    ['node', 'log.v1.ACKS.lease.node'],
    ['node', 'log.v1.ACKS.aborted.server-0'],
    ['node', 'log.v1.ACKS.epoch'],
    ['node', 'log.v1.IR.lease.node.a'],
    ['watcher', 'object.v1.a'],
    ['watcher', 'log.v1.FACTS.lease.watcher'],
    ['watcher', '$JS.API.STREAM.CREATE.FACTS'],
    ['watcher', '$JS.API.STREAM.MSG.GET.ACKS'],
    ['watcher', 'beat.server.0'],
  ];
  const always: string[] = [
    '$JS.API.STREAM.DELETE.FACTS',
    '$JS.API.STREAM.UPDATE.FACTS',
    '$JS.API.STREAM.MSG.DELETE.FACTS',
    '$JS.API.STREAM.CREATE.OTHER',
    '$JS.API.STREAM.SNAPSHOT.FACTS',
    '$JS.API.STREAM.NAMES',
    '$JS.API.DIRECT.GET.FACTS',
    '$JS.API.CONSUMER.DURABLE.CREATE.FACTS.x',
    '$SYS.REQ.SERVER.PING',
    'anything.else',
  ];
  for (const user of Object.keys(access) as User[]) for (const subject of always) cases.push([user, subject]);

  it.each(cases)('%s publishing %s', async (user, subject) => {
    expect(await refusal(user, subject)).toMatch(/permission/i);
  });

  it.each([
    ['watcher', 'object.v1.>'],
    ['source', '_INBOX_deriver.>'],
    ['deriver', '_INBOX.>'],
    ['server', '>'],
  ] as const)('%s listening to %s', async (user, subject) => {
    const failure = await new Promise<Error | null>((resolve) => {
      raw[user].subscribe(subject, { callback: (error) => resolve(error) });
    });
    expect(failure?.name).toBe('PermissionViolationError');
  });

  it('whoever has no key, or the key of nobody', async () => {
    await expect(
      connectEventLog({ url: server.url, name: 'source', connectTimeoutMs: 300 }),
    ).rejects.toMatchObject({ code: 'connection' });
  });

  it('an append beyond the permissions, with the subject named', async () => {
    const writer = await logs.server.openWriter('FACTS', 'server-0');
    await expect(writer.append([event('object.v1.a', 'not mine')])).rejects.toMatchObject({
      code: 'connection',
      message: expect.stringContaining('object.v1.a'),
    });
    const again = await logs.server.openWriter('FACTS', 'server-0');
    await expect(
      again.append([
        event('rejection.v1.a', 'mine'),
        event('object.v1.a', 'not mine'),
        event('rejection.v1.b', 'x'),
      ]),
    ).rejects.toMatchObject({ code: 'connection' });
  });
});
