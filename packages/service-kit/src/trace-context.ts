import { randomFillSync } from 'node:crypto';
import {
  type Context,
  context,
  INVALID_SPANID,
  INVALID_TRACEID,
  isSpanContextValid,
  type Span,
  type SpanContext,
  type SpanOptions,
  TraceFlags,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';

const pattern =
  /^(?!ff)[0-9a-f]{2}-(?<traceId>[0-9a-f]{32})-(?<spanId>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})(?:-.*)?$/;

/** Writes a span context as a W3C `traceparent` (https://www.w3.org/TR/trace-context/, version 00). */
export function formatTraceparent(span: SpanContext): string {
  return `00-${span.traceId}-${span.spanId}-${(span.traceFlags & 0xff).toString(16).padStart(2, '0')}`;
}

/** Reads a W3C `traceparent`; undefined where it is none, or names the all-zero trace or span. */
export function parseTraceparent(text: string): SpanContext | undefined {
  const groups = pattern.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { traceId = INVALID_TRACEID, spanId = INVALID_SPANID, flags = '00' } = groups;
  const span = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
  };
  return isSpanContextValid(span) ? span : undefined;
}

/** A new span context: in the trace of `parent`, or in a new trace. Not sampled unless the parent is. */
export function newSpanContext(parent?: SpanContext): SpanContext {
  return {
    traceId: parent?.traceId ?? randomId(16),
    spanId: randomId(8),
    traceFlags: parent?.traceFlags ?? TraceFlags.NONE,
  };
}

/** Random bytes for many ids: asking for a few at a time costs as much as asking for all. */
const pool = Buffer.alloc(4_096);
let used = pool.length;

function randomId(sizeBytes: number): string {
  if (used + sizeBytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const id = pool.toString('hex', used, used + sizeBytes);
  used += sizeBytes;
  return /^0+$/.test(id) ? randomId(sizeBytes) : id;
}

/** Gives spans that record nothing but carry valid ids, so that a trace id goes through the log even when nobody collects traces. */
export class PropagatingTracerProvider implements TracerProvider {
  getTracer(): Tracer {
    return { startSpan, startActiveSpan };
  }
}

function startSpan(_name: string, options: SpanOptions = {}, parent: Context = context.active()): Span {
  return trace.wrapSpanContext(
    newSpanContext(options.root === true ? undefined : trace.getSpanContext(parent)),
  );
}

function startActiveSpan<F extends (span: Span) => unknown>(
  name: string,
  ...rest: [F] | [SpanOptions, F] | [SpanOptions, Context, F]
): ReturnType<F> {
  const [options, parent, run] =
    rest.length === 1 ? [{}, undefined, rest[0]] : rest.length === 2 ? [rest[0], undefined, rest[1]] : rest;
  const active = parent ?? context.active();
  const span = startSpan(name, options, active);
  return context.with(trace.setSpan(active, span), () => run(span) as ReturnType<F>);
}
