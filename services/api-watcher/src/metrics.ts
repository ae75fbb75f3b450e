import { Counter, Gauge, Histogram, type Registry } from '@sluice/service-kit';
import { nextExpiryMs } from './core/certificate.ts';
import type { InForce } from './core/in-force.ts';

/** Metrics of api-watcher. Every label has a closed set of values. */
export interface Metrics {
  /** Events written, by type. */
  readonly written: Counter<'type'>;
  /** Seconds from the moment a change was noticed until its events were on disk. */
  readonly seconds: Histogram;
  /** Times the log was found damaged or lost and written anew. */
  readonly epochs: Counter;
  /** Trouble with the API server that was dealt with, by kind of object. */
  readonly trouble: Counter<'kind' | 'what'>;
  /** Statuses written to the API server, by kind and outcome. */
  readonly statuses: Counter<'kind' | 'outcome'>;
  /** Services and EndpointSlices of Gateways written to the API server, by kind and outcome. */
  readonly infrastructure: Counter<'kind' | 'outcome'>;
}

/** Registers the metrics. */
export function createMetrics(registry: Registry): Metrics {
  const registers = [registry];
  return {
    written: new Counter({
      name: 'sluice_source_events_written_total',
      help: 'Events written to the log, by type.',
      labelNames: ['type'],
      registers,
    }),
    seconds: new Histogram({
      name: 'sluice_source_change_seconds',
      help: 'Seconds from the moment a change was noticed until its events were on disk.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    }),
    epochs: new Counter({
      name: 'sluice_source_epochs_total',
      help: 'Times the log was damaged or lost and written anew.',
      registers,
    }),
    trouble: new Counter({
      name: 'sluice_source_trouble_total',
      help: 'Trouble with the API server that was dealt with, by kind of object and by what it was.',
      labelNames: ['kind', 'what'],
      registers,
    }),
    statuses: new Counter({
      name: 'sluice_source_status_writes_total',
      help: 'Statuses written to the API server, by kind of object and by what came of it.',
      labelNames: ['kind', 'outcome'],
      registers,
    }),
    infrastructure: new Counter({
      name: 'sluice_source_infrastructure_writes_total',
      help: 'Services and EndpointSlices of Gateways written to the API server, by kind and by what came of it.',
      labelNames: ['kind', 'outcome'],
      registers,
    }),
  };
}

/** Registers what is read from the state in force when the metrics are scraped, so that no change pays for it. */
export function registerFigures(registry: Registry, inForce: () => InForce): void {
  const registers = [registry];
  new Gauge({
    name: 'sluice_source_objects',
    help: 'Objects in force, by kind.',
    labelNames: ['kind'],
    registers,
    collect() {
      const { objects, certificates } = inForce();
      const byKind = new Map<string, number>([['Secret', certificates.size]]);
      for (const { object } of objects.values()) byKind.set(object.kind, (byKind.get(object.kind) ?? 0) + 1);
      this.reset();
      for (const [kind, count] of byKind) this.set({ kind }, count);
    },
  });
  new Gauge({
    name: 'sluice_source_refused',
    help: 'Objects and files that are refused.',
    labelNames: ['what'],
    registers,
    collect() {
      const refusals = [...inForce().refusals.values()];
      const files = refusals.filter(({ type }) => type === 'FileRefused').length;
      this.set({ what: 'file' }, files);
      this.set({ what: 'object' }, refusals.length - files);
    },
  });
  new Gauge({
    name: 'sluice_source_next_certificate_expiry_seconds',
    help: 'Seconds since 1970 when the next certificate expires; 0 where none will.',
    registers,
    collect() {
      this.set((nextExpiryMs(inForce().certificates.values()) ?? 0) / 1000);
    },
  });
}
