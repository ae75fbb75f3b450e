import { createMemoryLog, LogError, type LogEvent, MemoryServer } from '@sluice/event-log';
import { decodeEvent, encodeEvent } from '@sluice/events';
import { until } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { refKey, translateFromScratch } from '../core/index.ts';
import {
  addressFact,
  builtInClasses,
  controllerNames,
  datapathAck,
  envoyAck,
  objectFact,
  syncedFacts,
} from '../scenario.fixture.ts';
import {
  conditionOf,
  Hand,
  irOn,
  isActive,
  revisionsOn,
  startTranslation,
  statusOn,
} from '../translation.fixture.ts';

const gateway = objectFact({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'gw', generation: 1 },
  spec: { gatewayClassName: 'sluice', listeners: [{ name: 'http', protocol: 'HTTP', port: 80 }] },
});
const service = objectFact({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { ports: [{ port: 80 }] },
});

function route(name: string, path = '/') {
  return objectFact({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name },
    spec: {
      parentRefs: [{ name: 'gw' }],
      rules: [{ matches: [{ path: { value: path } }], backendRefs: [{ name: 'web', port: 80 }] }],
    },
  });
}

const ref = (name: string) => ({
  group: 'gateway.networking.k8s.io',
  kind: 'HTTPRoute',
  namespace: 'default',
  name,
});

const world = [
  ...builtInClasses(),
  gateway,
  service,
  addressFact('default/gw', ['127.80.0.1']),
  route('a'),
  ...syncedFacts(),
];
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

async function begin() {
  const server = new MemoryServer();
  const log = createMemoryLog({ server });
  const hand = await Hand.open(log);
  return { server, log, hand };
}

describe('translation', () => {
  test('gives the IR of the facts as one revision, with statuses, and carries the trace on', async () => {
    const { log, hand } = await begin();
    const seq = await hand.facts(world, traceparent);
    await using rig = startTranslation(log);
    await until(async () => (await statusOn(log)).size > 0);
    const fresh = translateFromScratch(world, { controllerNames });
    expect(await irOn(log)).toEqual(fresh.ir);
    expect(await revisionsOn(log)).toMatchObject([
      { revision: { epoch: 1, seq }, changes: fresh.ir.size, stateHash: fresh.stateHash, translator: '0' },
    ]);
    await until(() => isActive(rig));
    const after = await hand.facts([route('b')], traceparent);
    await until(async () => (await revisionsOn(log)).at(-1)?.revision.seq === after);
    const traces: (string | undefined)[] = [];
    for await (const event of log.read('IR'))
      if (event.type === 'RevisionCommitted') traces.push(event.traceparent?.slice(0, 35));
    expect(traces.at(-1)).toBe(traceparent.slice(0, 35));
  });

  test('writes nothing before every kind has had its first list', async () => {
    const { log, hand } = await begin();
    await hand.facts(world.slice(0, -1));
    await using rig = startTranslation(log);
    await until(() => rig.health.readiness().checks.some((c) => c.detail.startsWith('first list of')));
    expect((await log.info('STATUS')).messages).toBe(1);
    await hand.facts(world.slice(-1));
    await until(async () => (await irOn(log)).size > 0);
  });

  test('a restart writes nothing when nothing changed, and what changed meanwhile otherwise', async () => {
    const { log, hand } = await begin();
    await hand.facts(world);
    {
      await using first = startTranslation(log);
      await until(async () => (await statusOn(log)).size > 0 && isActive(first));
    }
    const before = { revisions: await revisionsOn(log), status: await statusOn(log) };
    {
      await using second = startTranslation(log);
      await until(() => isActive(second));
    }
    expect({ revisions: await revisionsOn(log), status: await statusOn(log) }).toEqual(before);
    const seq = await hand.facts([route('b')]);
    await using third = startTranslation(log);
    await until(() => isActive(third));
    const revisions = await until(async () => {
      const all = await revisionsOn(log);
      return all.length > before.revisions.length ? all : undefined;
    });
    expect(revisions.at(-1)).toMatchObject({ revision: { epoch: 3, seq }, changes: 1 });
  });

  test('says Programmed once every Envoy has acknowledged, and keeps the time of what did not change', async () => {
    const { log, hand } = await begin();
    await hand.facts(world);
    await using _rig = startTranslation(log);
    const pending = await until(async () => conditionOf(await statusOn(log), 'default/gw', 'Programmed'));
    expect(pending).toMatchObject({ status: 'False', reason: 'Pending', message: 'no Envoy is connected' });
    const accepted = conditionOf(await statusOn(log), 'default/gw', 'Accepted');
    await hand.acks([envoyAck('e1', { acked: null }), envoyAck('e2', { acked: null })]);
    await until(
      async () =>
        conditionOf(await statusOn(log), 'default/gw', 'Programmed')?.message === 'waiting for Envoy e1, e2',
    );
    const { revision } = (await revisionsOn(log)).at(-1) ?? { revision: { epoch: 0, seq: 0 } };
    await hand.acks([envoyAck('e1', { acked: revision }), envoyAck('e2', { acked: revision })]);
    await until(async () => conditionOf(await statusOn(log), 'default/gw', 'Programmed')?.status === 'True');
    expect(conditionOf(await statusOn(log), 'default/gw', 'Accepted')).toEqual(accepted);
    expect(accepted?.lastTransitionTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  test('statuses of very many changes follow when the Envoys have them; what changes meanwhile is not held up', async () => {
    const { log, hand } = await begin();
    const many = Array.from({ length: 1_100 }, (_, i) => route(`many-${i}`));
    await hand.acks([envoyAck('e1', { acked: null })]);
    await hand.facts([...world, ...many]);
    await using _rig = startTranslation(log, { statusPatience: { fewMs: 1, manyMs: 60_000 } });
    const first = await until(async () => (await revisionsOn(log)).at(-1)?.revision);
    await hand.facts([route('late')]);
    const second = await until(async () => (await revisionsOn(log)).at(1)?.revision);
    expect(await statusOn(log)).toEqual(new Map());
    await hand.acks([envoyAck('e1', { acked: first })]);
    await until(async () => conditionOf(await statusOn(log), 'default/gw', 'Programmed')?.status === 'True');
    expect((await statusOn(log)).has(refKey(ref('late')))).toBe(true);
    expect((await statusOn(log)).has(refKey(ref('many-1099')))).toBe(true);
    expect(second.seq).toBeGreaterThan(first.seq);
  });

  test('statuses of very many changes do not wait for ever', async () => {
    const { log, hand } = await begin();
    await hand.acks([envoyAck('e1', { acked: null })]);
    await hand.facts([...world, ...Array.from({ length: 1_100 }, (_, i) => route(`many-${i}`))]);
    await using _rig = startTranslation(log, { statusPatience: { fewMs: 60_000, manyMs: 1 } });
    await until(
      async () =>
        conditionOf(await statusOn(log), 'default/gw', 'Programmed')?.message === 'waiting for Envoy e1',
    );
  });

  test('does not wait for the Envoys of an xds-server that has fallen silent', async () => {
    const { log, hand } = await begin();
    await hand.facts(world);
    const beat = (): void =>
      log.notify('heartbeat.xds-server.xds-server-0', new TextEncoder().encode('{"replica":"xds-server-0"}'));
    await hand.acks([envoyAck('e1'), envoyAck('lost', { server: 'xds-server-1', acked: null })]);
    await using _rig = startTranslation(log, { serverWatch: { silentMs: 100, goneMs: 60_000, lookMs: 10 } });
    await until(async () => {
      beat();
      const programmed = conditionOf(await statusOn(log), 'default/gw', 'Programmed');
      return programmed?.status === 'True' && programmed.message.endsWith('silent and not waited for: lost');
    });
  });

  test('reckons no more with an agent that is gone, and again once it gives a sign of life', async () => {
    const { log, hand } = await begin();
    await hand.facts(world);
    const text = (message: string) => new TextEncoder().encode(message);
    await hand.acks([envoyAck('e1'), datapathAck('here'), datapathAck('lost', { acked: null })]);
    await using _rig = startTranslation(log, { serverWatch: { silentMs: 1_000, goneMs: 2_000, lookMs: 10 } });
    const said = (message: string, ...agents: readonly string[]) =>
      until(
        async () => {
          log.notify('heartbeat.xds-server.xds-server-0', text('{"replica":"xds-server-0"}'));
          for (const agent of agents)
            log.notify(`heartbeat.bpf-agent.${agent}`, text(`{"replica":"${agent}"}`));
          return conditionOf(await statusOn(log), 'default/gw', 'Programmed')?.message === message;
        },
        { timeoutMs: 60_000, message },
      );
    await said('every connected Envoy and the datapath of every node have taken it', 'bpf-agent-here');
    await said('waiting for the datapath of node lost', 'bpf-agent-here', 'bpf-agent-lost');
  });

  test('an agent speaks for agents alone: neither its heartbeats nor its events count as those of an xds-server', async () => {
    const { log, hand } = await begin();
    await hand.facts(world);
    await hand.acks([envoyAck('e1')]);
    const forged = encodeEvent(envoyAck('e1', { state: 'disconnected' }), 'ack.v1._.Datapath._.n1');
    await (await log.openWriter('ACKS', 'bpf-agent.n1')).append([forged]);
    await using _rig = startTranslation(log, { serverWatch: { silentMs: 500, goneMs: 600_000, lookMs: 10 } });
    await until(async () => {
      log.notify('heartbeat.bpf-agent.x', new TextEncoder().encode('{"replica":"xds-server-0"}'));
      const message = conditionOf(await statusOn(log), 'default/gw', 'Programmed')?.message;
      return message?.endsWith('silent and not waited for: e1');
    });
  });
});

describe('what goes wrong', () => {
  test('a fact that cannot be decoded is judged once, and the last good one stays in force over a restart', async () => {
    const { log, hand } = await begin();
    await hand.facts(world);
    const judged = async (): Promise<LogEvent[]> => {
      const found = [];
      for await (const event of log.read('FACTS')) if (event.type === 'EventJudged') found.push(event);
      return found;
    };
    {
      await using _first = startTranslation(log);
      await until(async () => (await irOn(log)).size > 0);
      const seq = await hand.poison(route('a').subject);
      const [event] = await until(async () => ((await judged()).length > 0 ? await judged() : undefined));
      const decoded = event === undefined ? undefined : decodeEvent('FACTS', event.data);
      expect(decoded).toMatchObject({
        ok: true,
        event: { seq, subject: route('a').subject, judge: 'translator' },
      });
      expect((await irOn(log)).has('http-route:default/a')).toBe(true);
    }
    await using second = startTranslation(log);
    await until(() => isActive(second));
    await hand.facts([route('b')]);
    await until(async () => (await irOn(log)).has('http-route:default/b'));
    expect((await irOn(log)).has('http-route:default/a')).toBe(true);
    expect(await judged()).toHaveLength(1);
  });

  test('after an epoch start it translates anew, and writes only what differs, under a newer epoch', async () => {
    const { log, hand } = await begin();
    await hand.facts([...world, route('gone')]);
    await using _rig = startTranslation(log);
    await until(async () => (await irOn(log)).has('http-route:default/gone'));
    const before = await revisionsOn(log);
    await hand.startEpoch();
    await hand.facts(world);
    await until(async () => !(await irOn(log)).has('http-route:default/gone'));
    const after = await revisionsOn(log);
    expect(after.slice(before.length)).toMatchObject([{ changes: 1 }]);
    expect(after.at(-1)?.revision.epoch).toBeGreaterThan(before.at(-1)?.revision.epoch ?? 0);
  });

  test('a damaged IR ends the run, and the next one writes it anew', async () => {
    const { server, log, hand } = await begin();
    await hand.facts(world);
    {
      await using rig = startTranslation(log);
      const before = await until(async () => {
        const ir = await irOn(log);
        return ir.size > 0 && isActive(rig) ? ir : undefined;
      });
      server.flipBit('IR', 3);
      await hand.facts([route('b')]);
      expect(before.size).toBeGreaterThan(0);
    }
    await using next = startTranslation(log);
    await until(() => isActive(next));
    await until(async () => (await irOn(log).catch(() => new Map())).has('http-route:default/b'));
    expect(await irOn(log)).toEqual(translateFromScratch([...world, route('b')], { controllerNames }).ir);
  });

  test('waits out an outage', async () => {
    const { server, log, hand } = await begin();
    await hand.facts(world);
    await using _rig = startTranslation(log);
    await until(async () => (await irOn(log)).size > 0);
    const written = hand.facts([route('b')]);
    server.outage(true);
    server.outage(false);
    await written;
    await until(async () => (await irOn(log)).has('http-route:default/b'));
  });

  test('writes checkpoints of FACTS and of the IR', async () => {
    const { log, hand } = await begin();
    await hand.facts(world);
    await using _rig = startTranslation(log, { checkpoints: { every: 5, purge: false, quietMs: 0 } });
    await until(async () => (await log.verify('FACTS')).checkpoints.length > 0);
    await until(async () => (await log.verify('IR')).checkpoints.length > 0);
    expect((await log.verify('FACTS')).checkpoints.every((c) => c.ok)).toBe(true);
  });
});

describe('a second translator', () => {
  test('waits while the first is alive, and takes over at once when it leaves', async () => {
    const { server, log, hand } = await begin();
    await hand.facts(world);
    await using first = startTranslation(log, { leadership: { beatMs: 20, goodForMs: 60_000, askMs: 30 } });
    await until(() => isActive(first, 1));
    await using second = startTranslation(createMemoryLog({ server }));
    await until(() => second.health.readiness().checks.some((c) => c.detail === 'standby'));
    await hand.facts([route('b')]);
    await until(async () => (await irOn(log)).has('http-route:default/b'));
    expect(second.health.readiness().checks.some((c) => c.detail === 'standby')).toBe(true);
    first.translation.stop();
    await until(() => isActive(second, 2));
    await hand.facts([route('c')]);
    await until(async () => (await irOn(log)).has('http-route:default/c'));
  });

  test('takes over when the first falls silent; that one, come back, is fenced', async () => {
    const { server, log, hand } = await begin();
    await hand.facts(world);
    const cut = createMemoryLog({ server });
    const mute = { ...unheard(cut) };
    await using first = startTranslation(mute);
    await until(async () => (await irOn(log)).size > 0);
    await using second = startTranslation(createMemoryLog({ server }));
    await until(() => isActive(second, 2));
    await hand.facts([route('b')]);
    const error = await first.ended;
    expect(error).toBeInstanceOf(LogError);
    expect(error).toMatchObject({ code: 'fenced' });
    await until(async () => (await irOn(log)).has('http-route:default/b'));
    expect(await irOn(log)).toEqual(translateFromScratch([...world, route('b')], { controllerNames }).ir);
  });
});

/** The same log, but nothing that is sent as a heartbeat arrives. */
function unheard(log: ReturnType<typeof createMemoryLog>) {
  return {
    ensureStream: log.ensureStream.bind(log),
    info: log.info.bind(log),
    openWriter: log.openWriter.bind(log),
    follow: log.follow.bind(log),
    read: log.read.bind(log),
    stateAt: log.stateAt.bind(log),
    checkpoint: log.checkpoint.bind(log),
    verify: log.verify.bind(log),
    notify: () => {},
    listen: log.listen.bind(log),
    maxEventBytes: log.maxEventBytes,
    connected: true,
    close: log.close.bind(log),
  };
}
