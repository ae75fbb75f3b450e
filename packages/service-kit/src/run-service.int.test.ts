import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { json, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const fixture = fileURLToPath(new URL('./run-service.fixture.ts', import.meta.url));
const children: ChildProcess[] = [];
const servers: Server[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const server of servers.splice(0)) server.close();
});

type Line = Record<string, unknown> & { msg?: string };

/** Starts the fixture; `line(message)` resolves with the log line that has it. */
function start(env: Record<string, string>) {
  const child = spawn(process.execPath, [fixture], {
    env: { SLUICE_NATS_URL: 'nats://127.0.0.1:1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const lines: Line[] = [];
  const waiting = new Map<string, (line: Line) => void>();
  createInterface({ input: child.stdout }).on('line', (raw) => {
    const line = JSON.parse(raw) as Line;
    lines.push(line);
    waiting.get(line.msg ?? '')?.(line);
  });
  const line = (message: string) =>
    new Promise<Line>((resolve) => {
      const seen = lines.find((candidate) => candidate.msg === message);
      if (seen === undefined) waiting.set(message, resolve);
      else resolve(seen);
    });
  const stderr = text(child.stderr);
  const exit = once(child, 'close').then(([code]) => code as number | null);
  return { child, line, lines, stderr, exit };
}

describe('the end of a service', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s: readiness goes, stop is called, exit 0', async (signal) => {
    const service = start({});
    await service.line('service started');
    service.child.kill(signal);
    expect(await service.line('fixture stops')).toMatchObject({ ready: false, aborted: true });
    expect(await service.exit).toBe(0);
    expect(service.lines.at(-1)?.msg).toBe('service stopped');
  });

  it('is orderly also while it is still starting', async () => {
    const service = start({ MODE: 'wait' });
    await service.line('waiting');
    service.child.kill('SIGTERM');
    await service.line('fixture stops');
    expect(await service.exit).toBe(0);
  });

  it('comes at once with a second signal', async () => {
    const service = start({ MODE: 'slow-stop' });
    await service.line('service started');
    service.child.kill('SIGTERM');
    await service.line('fixture stops');
    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(1);
  });

  it.each([
    ['refuse', 'service failed', { code: 'file-unreadable', hint: 'give one' }],
    ['fail', 'service failed', { code: 'state-damaged' }],
    ['crash', 'service failed', { type: 'TypeError' }],
    ['uncaught', 'uncaught error', { type: 'RangeError' }],
  ])('%s: logged as fatal, exit 1', async (mode, message, err) => {
    const service = start({ MODE: mode });
    expect(await service.exit).toBe(1);
    expect(await service.line(message)).toMatchObject({ level: 'fatal', err });
  });
});

describe('a faulty configuration', () => {
  it('ends with exit code 2 and all faults in plain words, without a stack', async () => {
    const service = start({ SLUICE_NATS_URL: 'http://x', SLUICE_HTTP_LISTEN: 'nowhere' });
    expect(await service.exit).toBe(2);
    const told = await service.stderr;
    expect(told).toMatch(/^fixture: 2 faults in the configuration:\n/);
    expect(told).toContain('SLUICE_NATS_URL is "http://x"');
    expect(told).toContain('SLUICE_HTTP_LISTEN is "nowhere"');
    expect(told).not.toMatch(/\n\s+at /);
  });

  it('does not mind variables of other services', async () => {
    const service = start({ SLUICE_ELSEWHERE: 'x', SLUICE_LOG_LEVEL: 'debug' });
    expect(await service.line('configuration read')).toMatchObject({ unknown: ['SLUICE_ELSEWHERE'] });
    await service.line('service started');
  });
});

interface OtlpSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly links?: readonly { readonly traceId: string }[];
  readonly status?: { readonly code?: number };
}

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: {
      readonly attributes: readonly {
        readonly key: string;
        readonly value: { readonly stringValue?: string };
      }[];
    };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** An OTLP/HTTP collector that keeps what it is sent. */
async function startCollector() {
  const requests: OtlpRequest[] = [];
  const server = createServer(async (request, response) => {
    if (request.url === '/v1/traces') requests.push((await json(request)) as OtlpRequest);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('traces', () => {
  it('reach the collector at the latest when the service ends, one trace through all spans', async () => {
    const collector = await startCollector();
    const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const service = start({ MODE: 'trace', TRACEPARENT: parent, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    const sent = await service.line('event sent');
    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(0);
    const resources = collector.requests.flatMap((request) => request.resourceSpans);
    const names = resources.flatMap((r) => r.resource.attributes).filter((a) => a.key === 'service.name');
    expect(names.map((a) => a.value.stringValue)).toContain('fixture');
    const spans = new Map(
      resources.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans)).map((span) => [span.name, span]),
    );
    expect(spans.get('read file')).toMatchObject({
      traceId: parent.slice(3, 35),
      parentSpanId: parent.slice(36, 52),
    });
    expect(spans.get('append')).toMatchObject({
      traceId: parent.slice(3, 35),
      parentSpanId: spans.get('read file')?.spanId,
      status: { code: 2 },
    });
    expect(spans.get('append')?.links?.map((link) => link.traceId)).toEqual([
      '11111111111111111111111111111111',
    ]);
    expect(sent.traceparent).toBe(`00-${parent.slice(3, 35)}-${spans.get('append')?.spanId}-01`);
  });

  it('still stamps events with a trace where there is no collector', async () => {
    const service = start({ MODE: 'trace' });
    expect(await service.line('event sent')).toMatchObject({
      traceparent: expect.stringMatching(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-00$/),
    });
  });

  it('does not fail the service where the collector cannot be reached', async () => {
    const service = start({ MODE: 'trace', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    await service.line('service started');
    service.child.kill('SIGTERM');
    expect(await service.exit).toBe(0);
  });
});
