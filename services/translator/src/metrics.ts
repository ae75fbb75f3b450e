import { Counter, Gauge, Histogram, type Registry } from '@sluice/service-kit';

/** Metrics of the translator. Every label has a closed set of values. */
export interface Metrics {
  /** Facts read. */
  readonly facts: Counter;
  /** Facts that could not be decoded. */
  readonly judged: Counter;
  /** Early words of facts that were worked on: those that came as said, and those that did not. */
  readonly early: Counter<'outcome'>;
  /** Runs of transforms. */
  readonly transforms: Counter;
  /** Resources of the IR written or removed. */
  readonly changes: Counter;
  /** Statuses written or removed. */
  readonly statuses: Counter;
  /** Sequence of the last fact that is in the IR: see `sluice_log_lag_events` for its distance to the end of the log. */
  readonly seq: Gauge;
  /** Seconds from taking a batch until its revision, and statuses that do not wait for Envoys, were on disk. */
  readonly seconds: Histogram;
  /** Seconds from a fact's being stored until an Envoy's acknowledgement of its revision was. */
  readonly changeToAck: Histogram;
  /** Damage seen on a stream. */
  readonly damage: Counter<'stream'>;
}

/** Registers the metrics. */
export function createMetrics(registry: Registry): Metrics {
  const registers = [registry];
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
  return {
    facts: counter('sluice_translator_facts_total', 'Facts read from the log.'),
    judged: counter(
      'sluice_translator_facts_judged_total',
      'Facts that could not be decoded and were passed over.',
    ),
    early: new Counter({
      name: 'sluice_translator_early_total',
      help: 'Early words of facts that were worked on, by whether the facts then came.',
      labelNames: ['outcome'],
      registers,
    }),
    transforms: counter('sluice_translator_transforms_total', 'Runs of transforms.'),
    changes: counter('sluice_translator_ir_changes_total', 'Resources of the IR written or removed.'),
    statuses: counter('sluice_translator_statuses_total', 'Statuses written or removed.'),
    seq: new Gauge({
      name: 'sluice_translator_fact_sequence',
      help: 'Sequence of the last fact that is in the IR.',
      registers,
    }),
    seconds: new Histogram({
      name: 'sluice_translator_batch_seconds',
      help: 'Seconds from taking a batch until its revision, and statuses that do not wait for Envoys, were on disk.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    }),
    changeToAck: new Histogram({
      name: 'sluice_change_to_ack_seconds',
      help: 'Seconds from a change on the log until its acknowledgement by an Envoy was on the log.',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    damage: new Counter({
      name: 'sluice_translator_damage_total',
      help: 'Damage seen on a stream.',
      labelNames: ['stream'],
      registers,
    }),
  };
}
