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

/** A registry with the process's own figures (CPU, memory, event loop delay, garbage collection) and `sluice_build_info`. */
export function createRegistry(service: string, version: string): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const info = new Gauge({
    name: 'sluice_build_info',
    help: 'Always 1; the labels say what is running.',
    labelNames: ['service', 'version', 'node'],
    registers: [registry],
  });
  info.set({ service, version, node: process.version }, 1);
  return registry;
}
