import { context, trace } from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  currentTraceparent,
  startSpan,
  startTelemetry,
  startTrace,
  type Telemetry,
  traceparentOf,
  withSpan,
} from './telemetry.ts';
import { parseTraceparent } from './trace-context.ts';

let telemetry: Telemetry;
beforeAll(async () => {
  telemetry = await startTelemetry({ service: 'unit', version: '1', replica: 'unit-0', endpoint: undefined });
});
afterAll(() => {
  trace.disable();
  context.disable();
});

describe('without an endpoint', () => {
  it('gives every span a valid id and keeps the trace over awaits', async () => {
    expect(currentTraceparent()).toBeUndefined();
    await withSpan(telemetry.tracer, 'outer', {}, async (outer) => {
      await new Promise(setImmediate);
      expect(currentTraceparent()).toBe(traceparentOf(outer));
      await withSpan(telemetry.tracer, 'inner', {}, async (inner) => {
        expect(inner.spanContext().traceId).toBe(outer.spanContext().traceId);
        expect(inner.spanContext().spanId).not.toBe(outer.spanContext().spanId);
      });
    });
    expect(currentTraceparent()).toBeUndefined();
  });

  it('goes on with the trace of an event, whatever is active', async () => {
    const parent = startTrace();
    const seen = await withSpan(telemetry.tracer, 'outer', {}, () =>
      withSpan(telemetry.tracer, 'inner', { parent }, traceparentOf),
    );
    expect(seen.slice(3, 35)).toBe(parent.slice(3, 35));
    expect(seen).not.toBe(parent);
  });

  it('starts a trace of its own where the parent cannot be read', async () => {
    const seen = await withSpan(
      telemetry.tracer,
      'x',
      { parent: 'nonsense', links: ['nonsense'] },
      traceparentOf,
    );
    expect(parseTraceparent(seen)).toBeDefined();
  });

  it('starts a span that ends elsewhere, in the trace of its cause, without making it active', () => {
    const parent = startTrace();
    const span = startSpan(telemetry.tracer, 'push', { parent, startMs: 1_000 });
    expect(traceparentOf(span).slice(3, 35)).toBe(parent.slice(3, 35));
    expect(currentTraceparent()).toBeUndefined();
    span.end();
  });

  it('passes results and failures on', async () => {
    await expect(withSpan(telemetry.tracer, 'x', {}, () => 7)).resolves.toBe(7);
    await expect(withSpan(telemetry.tracer, 'x', {}, () => Promise.reject(new Error('no')))).rejects.toThrow(
      'no',
    );
  });

  it('honours startActiveSpan and root spans of the API', () => {
    telemetry.tracer.startActiveSpan('outer', (outer) => {
      expect(currentTraceparent()).toBe(traceparentOf(outer));
      const root = telemetry.tracer.startSpan('root', { root: true });
      expect(root.spanContext().traceId).not.toBe(outer.spanContext().traceId);
    });
  });
});

describe('parseTraceparent', () => {
  const id = '0af7651916cd43dd8448eb211c80319c';
  it.each([
    [
      `00-${id}-b7ad6b7169203331-01`,
      { traceId: id, spanId: 'b7ad6b7169203331', traceFlags: 1, isRemote: true },
    ],
    [
      `00-${id}-b7ad6b7169203331-00`,
      { traceId: id, spanId: 'b7ad6b7169203331', traceFlags: 0, isRemote: true },
    ],
    [
      `cc-${id}-b7ad6b7169203331-01-later`,
      { traceId: id, spanId: 'b7ad6b7169203331', traceFlags: 1, isRemote: true },
    ],
    [`ff-${id}-b7ad6b7169203331-01`, undefined],
    [`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, undefined],
    [`00-${id}-0000000000000000-01`, undefined],
    [`00-${id.toUpperCase()}-b7ad6b7169203331-01`, undefined],
    ['', undefined],
  ])('%s', (text, span) => {
    expect(parseTraceparent(text)).toEqual(span);
  });
});
