import { createMemoryLog } from '@sluice/event-log';
import { until } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { datapathAck } from '../scenario.fixture.ts';
import { Inbox } from './inbox.ts';
import { ServerWatch } from './server-watch.ts';

const minuteMs = 60_000;

/** A watch that has just begun, and what it told of each server so far. */
function watch() {
  const log = createMemoryLog();
  const inbox = new Inbox(100);
  const told: [string, string][] = [];
  const stop = new AbortController();
  const servers = new ServerWatch({
    ...{ log, inbox },
    times: { silentMs: 100, goneMs: 5 * minuteMs, lookMs: 10 },
  });
  servers.start(stop.signal);
  return {
    servers,
    beat: (replica: string) =>
      log.notify(`heartbeat.bpf-agent.${replica}`, new TextEncoder().encode(JSON.stringify({ replica }))),
    toldOf: (server: string) => {
      for (const item of inbox.drain()) if (item.kind === 'server') told.push([item.server, item.sign]);
      return told.filter(([name]) => name === server).map(([, sign]) => sign);
    },
    [Symbol.dispose]: () => stop.abort(),
  };
}

test('who had its last word on the log long ago is gone once it had its time to be heard, and is never silent', async () => {
  using watched = watch();
  const { servers, beat, toldOf } = watched;
  servers.know(datapathAck('lost'), Date.now() - 6 * minuteMs);
  servers.know(datapathAck('quiet'), Date.now() - minuteMs);
  await until(() => toldOf('bpf-agent-lost').length > 0 && toldOf('bpf-agent-quiet').length > 0);
  expect(toldOf('bpf-agent-lost')).toEqual(['gone']);
  expect(toldOf('bpf-agent-quiet')).toEqual(['silent']);
  beat('bpf-agent-lost');
  await until(() => toldOf('bpf-agent-lost').includes('given'));
});

test('a heartbeat goes before whatever the log says, the newest word before older ones, and no clock that is ahead counts', async () => {
  using watched = watch();
  const { servers, beat, toldOf } = watched;
  beat('bpf-agent-idle');
  servers.know(datapathAck('idle'), Date.now() - 60 * minuteMs);
  servers.know(datapathAck('back'), Date.now() - minuteMs);
  servers.know(datapathAck('back'), Date.now() - 60 * minuteMs);
  servers.know(datapathAck('ahead'), Date.now() + 60 * minuteMs);
  for (const name of ['bpf-agent-idle', 'bpf-agent-back', 'bpf-agent-ahead']) {
    await until(() => toldOf(name).length > 0, { message: name });
    expect(toldOf(name), name).toEqual(['silent']);
  }
});
