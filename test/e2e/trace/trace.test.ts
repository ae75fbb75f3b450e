// One trace for a change: from the file to the acknowledgement of the last Envoy, in the collector and on the log.
import { request, until } from '@sluice/testkit';
import { afterAll, expect, it } from 'vitest';
import { gateway, httpRoute, rule } from '../../harness/objects.ts';
import { type CollectedSpan, startOtlpCollector } from '../../harness/otlp-collector.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const collector = await startOtlpCollector();
afterAll(() => collector[Symbol.asyncDispose]());

const world = useSluice({
  backends: ['echo'],
  env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint },
  manifests: () => ({ 'gateway.yaml': gateway('edge'), 'route.yaml': route('first') }),
});

function route(version: string): object {
  const filter = {
    type: 'ResponseHeaderModifier',
    responseHeaderModifier: { set: [{ name: 'x-version', value: version }] },
  };
  return httpRoute('app', { parent: 'edge', rules: [rule('echo', { filters: [filter] })] });
}

interface LoggedEvent {
  readonly stream: string;
  readonly type: string;
  readonly subject: string;
  readonly traceparent?: string;
}

async function eventsOf(traceId: string): Promise<readonly LoggedEvent[]> {
  const { stdout } = await world().sluice.cli('log', '--stream', 'FACTS,IR,ACKS,STATUS', '-o', 'json');
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LoggedEvent)
    .filter(({ traceparent }) => traceparent?.split('-')[1] === traceId);
}

it('an edited route is one trace, from the file event to the last acknowledgement', async () => {
  const { sluice } = world();
  const target = await sluice.target('edge', 80);
  const editedMs = Date.now();
  sluice.write({ 'route.yaml': route('second') });
  await until(async () => (await request({ ...target, path: '/' })).headers['x-version'] === 'second');
  const change = await until(
    () => collector.spans().find(({ name, startMs }) => name === 'source change' && startMs >= editedMs - 50),
    { message: 'the span of the file event' },
  );
  const inTrace = (name: string) =>
    collector.spans().find((span) => span.name === name && span.traceId === change.traceId);
  const last = await until(() => inTrace('envoy acknowledges'), {
    message: 'the span of the acknowledgement',
  });
  const push = await until(() => inTrace('push revision'), { message: 'the push' });
  const translate = await until(
    () =>
      collector.spans().find((span) => span.traceId === change.traceId && span.spanId === push.parentSpanId),
    { message: 'the translation' },
  );

  const shown = (span: CollectedSpan) => [span.service, span.name, span.parentSpanId];
  expect(shown(change)).toEqual(['api-watcher', 'source change', '']);
  expect(shown(translate)).toEqual(['translator', 'translate', change.spanId]);
  expect(shown(push)).toEqual(['xds-server', 'push revision', translate.spanId]);
  expect(shown(last)).toEqual(['xds-server', 'envoy acknowledges', push.spanId]);
  expect(push.attributes['sluice.revision']).toBe(translate.attributes['sluice.revision']);
  expect(translate.startMs).toBeGreaterThanOrEqual(change.startMs);
  expect(last.endMs).toBeGreaterThanOrEqual(push.startMs);

  const events = await eventsOf(change.traceId);
  const kinds = new Set(events.map(({ stream, type }) => `${stream} ${type}`));
  expect(kinds).toEqual(
    new Set([
      'FACTS ObjectChanged',
      'IR ResourcePut',
      'IR RevisionCommitted',
      'STATUS StatusChanged',
      'ACKS EnvoyStateChanged',
    ]),
  );
  expect(events.find(({ stream }) => stream === 'ACKS')?.traceparent?.split('-')[2]).toBe(push.spanId);
});

it('a status that follows from an acknowledgement stands in the trace of the change', async () => {
  const { sluice } = world();
  sluice.write({ 'second.yaml': gateway('second') });
  await until(
    async () =>
      (await sluice.find('gateways', 'second'))?.status?.conditions?.some(
        ({ type, status }) => type === 'Programmed' && status === 'True',
      ),
    { intervalMs: 200 },
  );
  const { stdout } = await sluice.cli('log', '--stream', 'FACTS,STATUS', '--name', 'second', '-o', 'json');
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LoggedEvent);
  const traces = new Set(events.map(({ traceparent }) => traceparent?.split('-')[1]));
  // One status where Envoy is quick; where it is not, that it is waited for goes before.
  expect(new Set(events.map(({ stream }) => stream))).toEqual(new Set(['FACTS', 'STATUS']));
  expect([...traces]).toHaveLength(1);
});
