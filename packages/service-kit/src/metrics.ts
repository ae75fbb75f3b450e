import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

export { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** A reader of a stream of the log. */
export interface LagSource {
  /** Sequence of the newest event on the stream. */
  newest(): Promise<number>;
  /** Sequence up to which the work is done. */
  done(): number;
}

/** How long a log may take to answer a scrape; in an outage it waits for ever. */
const answerMs = 500;

/** Registers `sluice_log_lag_events{stream}`: events on a stream that are not worked through yet. Absent while the log does not answer. */
export function registerLag(registry: Registry, streams: Readonly<Record<string, LagSource>>): void {
  new Gauge({
    name: 'sluice_log_lag_events',
    help: 'Events on a stream of the log that are not worked through yet.',
    labelNames: ['stream'],
    registers: [registry],
    async collect() {
      this.reset();
      for (const [stream, source] of Object.entries(streams)) {
        const answer = source.newest().catch(() => undefined);
        const newest = await Promise.race([answer, setTimeout(answerMs, undefined, { ref: false })]);
        if (newest !== undefined) this.set({ stream }, Math.max(0, newest - source.done()));
      }
    },
  });
}

/** prom-client's figures of the event loop that a timer is kept for, which by default wakes the process each 10 ms for ever. */
const sampled = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map(
  (of) => `nodejs_eventloop_lag_${of}_seconds`,
);
/** The longest time that a timer takes, ms: about 25 days. */
const neverMs = 2 ** 31 - 1;

/**
 * A registry with the process's own figures (CPU, memory, garbage collection, the event loop's delay at the scrape and its utilization since
 * the scrape before, 0 to 1) and `sluice_build_info`. None of them wakes a process that rests.
 */
export function createRegistry(service: string, version: string): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: neverMs });
  for (const name of sampled) registry.removeSingleMetric(name);
  registerUtilization(registry);
  const info = new Gauge({
    name: 'sluice_build_info',
    help: 'Always 1; the labels say what is running.',
    labelNames: ['service', 'version', 'node'],
    registers: [registry],
  });
  info.set({ service, version, node: process.version }, 1);
  return registry;
}

function registerUtilization(registry: Registry): void {
  let before: EventLoopUtilization | undefined;
  new Gauge({
    name: 'nodejs_eventloop_utilization',
    help: 'Part of the time since the last scrape that the event loop was busy, 0 to 1.',
    registers: [registry],
    collect() {
      const now = performance.eventLoopUtilization();
      this.set(performance.eventLoopUtilization(now, before).utilization);
      before = now;
    },
  });
}
