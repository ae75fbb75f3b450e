// Figures of xds-server. Labels are bounded: kinds and outcomes, never names of resources or nodes.
import { Counter, Gauge, Histogram, type Registry } from '@sluice/service-kit';
import type { XdsKind } from './core/type-urls.ts';

export interface XdsMetrics {
  readonly pushToAckSeconds: Histogram<'kind'>;
  readonly refusals: Counter<'kind'>;
  readonly sent: Counter<'kind'>;
  readonly sentBytes: Counter<'kind'>;
  readonly removed: Counter<'kind'>;
  /** Early words of revisions that were worked on: those that came as said, and those that did not. */
  readonly early: Counter<'outcome'>;
  readonly revision: Gauge;
}

/** What gauges read when they are scraped. */
export interface XdsFigures {
  readonly connected: number;
  readonly refusals: number;
  count(kind: XdsKind): number;
}

/** Registers the metrics; `figures` is asked at each scrape. */
export function createMetrics(
  registry: Registry,
  figures: XdsFigures,
  kinds: readonly XdsKind[],
): XdsMetrics {
  const registers = [registry];
  new Gauge({
    name: 'sluice_xds_envoys_connected',
    help: 'Envoys with an open stream.',
    registers,
    collect() {
      this.set(figures.connected);
    },
  });
  new Gauge({
    name: 'sluice_xds_refusals',
    help: 'Resources that an Envoy refuses at present.',
    registers,
    collect() {
      this.set(figures.refusals);
    },
  });
  new Gauge({
    name: 'sluice_xds_resources',
    help: 'Envoy resources at hand.',
    labelNames: ['kind'],
    registers,
    collect() {
      for (const kind of kinds) this.set({ kind }, figures.count(kind));
    },
  });
  return {
    pushToAckSeconds: new Histogram({
      name: 'sluice_xds_push_to_ack_seconds',
      help: 'From sending a response to the answer of the Envoy.',
      labelNames: ['kind'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30],
      registers,
    }),
    refusals: new Counter({
      name: 'sluice_xds_refused_responses_total',
      help: 'Responses that an Envoy refused.',
      labelNames: ['kind'],
      registers,
    }),
    sent: new Counter({
      name: 'sluice_xds_resources_sent_total',
      help: 'Resources sent to Envoys.',
      labelNames: ['kind'],
      registers,
    }),
    sentBytes: new Counter({
      name: 'sluice_xds_sent_bytes_total',
      help: 'Bytes of the resources sent to Envoys.',
      labelNames: ['kind'],
      registers,
    }),
    early: new Counter({
      name: 'sluice_xds_early_total',
      help: 'Early words of revisions that were worked on, by whether the revision then came.',
      labelNames: ['outcome'],
      registers,
    }),
    removed: new Counter({
      name: 'sluice_xds_resources_removed_total',
      help: 'Removals sent to Envoys.',
      labelNames: ['kind'],
      registers,
    }),
    revision: new Gauge({
      name: 'sluice_xds_revision_seq',
      help: 'Sequence of the newest revision folded in.',
      registers,
    }),
  };
}
