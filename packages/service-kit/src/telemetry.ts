import { setTimeout } from 'node:timers/promises';
import {
  type Attributes,
  type Context,
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { errorFields } from './errors.ts';
import {
  formatTraceparent,
  newSpanContext,
  PropagatingTracerProvider,
  parseTraceparent,
} from './trace-context.ts';

/** Longest that the end of a process waits for a collector that does not answer. */
const flushMs = 2_000;

/** Who traces, and where to. */
export interface TelemetryOptions {
  readonly service: string;
  readonly version: string;
  readonly replica: string;
  /** Base URL of an OTLP/HTTP collector; undefined: spans carry ids and are recorded nowhere. */
  readonly endpoint: string | undefined;
}

/** Tracing of one process. */
export interface Telemetry {
  readonly tracer: Tracer;
  /** Sends what is waiting, and ends; takes 2 s at most. */
  shutdown(): Promise<void>;
}

/** Sets up tracing for the whole process; once per process. The SDK is loaded only where there is an endpoint. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const { provider, shutdown } =
    options.endpoint === undefined
      ? { provider: new PropagatingTracerProvider(), shutdown: () => Promise.resolve() }
      : await exportingProvider(options, options.endpoint);
  trace.setGlobalTracerProvider(provider);
  return { tracer: provider.getTracer(options.service, options.version), shutdown };
}

async function exportingProvider(options: TelemetryOptions, endpoint: string) {
  const [sdk, exporter, resources, names] = await Promise.all([
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/semantic-conventions'),
  ]);
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const provider = new sdk.NodeTracerProvider({
    resource: resources.resourceFromAttributes({
      [names.ATTR_SERVICE_NAME]: options.service,
      [names.ATTR_SERVICE_VERSION]: options.version,
      'service.instance.id': options.replica,
    }),
    spanProcessors: [new sdk.BatchSpanProcessor(new exporter.OTLPTraceExporter({ url }))],
  });
  return { provider, shutdown: () => Promise.race([provider.shutdown(), setTimeout(flushMs)]) };
}

/** How a span stands to others. */
export interface SpanSetup {
  /** `traceparent` of the cause; one that cannot be read counts as none. Default: the active span, else a new trace. */
  readonly parent?: string | undefined;
  /** `traceparent`s of further causes, for work done on many changes at once; unreadable ones are dropped. */
  readonly links?: readonly string[];
  readonly attributes?: Attributes;
  /** When it began, milliseconds since 1970; default: now. */
  readonly startMs?: number;
}

/** Starts a span; the caller ends it. For work that ends elsewhere than it began; otherwise `withSpan`. */
export function startSpan(tracer: Tracer, name: string, setup: SpanSetup): Span {
  const { attributes, startMs } = setup;
  return tracer.startSpan(
    name,
    {
      links: (setup.links ?? []).flatMap(linkOf),
      ...(attributes === undefined ? {} : { attributes }),
      ...(startMs === undefined ? {} : { startTime: startMs }),
    },
    parentContext(setup.parent),
  );
}

/** Runs `fn` inside a span: what it calls sees the span as active. A failure is recorded on the span and thrown on. */
export async function withSpan<T>(
  tracer: Tracer,
  name: string,
  setup: SpanSetup,
  fn: (span: Span) => T | Promise<T>,
): Promise<T> {
  const span = startSpan(tracer, name, setup);
  try {
    return await context.with(trace.setSpan(parentContext(setup.parent), span), () => fn(span));
  } catch (error) {
    span.recordException(error instanceof Error ? error : String(error));
    span.setStatus({ code: SpanStatusCode.ERROR, message: String(errorFields(error).message) });
    throw error;
  } finally {
    span.end();
  }
}

function parentContext(traceparent: string | undefined): Context {
  const remote = traceparent === undefined ? undefined : parseTraceparent(traceparent);
  return remote === undefined ? context.active() : trace.setSpanContext(ROOT_CONTEXT, remote);
}

function linkOf(traceparent: string): Link[] {
  const span = parseTraceparent(traceparent);
  return span === undefined ? [] : [{ context: span }];
}

/** `traceparent` of a span, for the headers of the events it causes. */
export function traceparentOf(span: Span): string {
  return formatTraceparent(span.spanContext());
}

/** `traceparent` of the active span; undefined outside every span. */
export function currentTraceparent(): string | undefined {
  const span = trace.getSpanContext(context.active());
  return span === undefined ? undefined : formatTraceparent(span);
}

/** A `traceparent` of a trace that begins here without a span of its own; not sampled. Prefer `withSpan` where there is work to measure. */
export function startTrace(): string {
  return formatTraceparent(newSpanContext());
}
