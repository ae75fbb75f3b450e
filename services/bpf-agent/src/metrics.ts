// Figures of bpf-agent. Labels are bounded: kinds of rows and faults, never names of Services.
import { Counter, Gauge, type Registry } from '@sluice/service-kit';
import type { KernelFault } from './core/kernel-port.ts';
import type { Step } from './core/maps/steps.ts';

export interface Metrics {
  readonly rows: Counter<'step'>;
  readonly faults: Counter<'kind'>;
  readonly resyncs: Counter;
  readonly differences: Counter;
  readonly revision: Gauge;
}

/** Flows of one batch; `lost` is the sum since the maps were made. */
export interface FlowCounts {
  readonly sent: number;
  readonly unsent: number;
  readonly lost: number;
}

/** What gauges read when they are scraped. */
export interface MapFigures {
  /** Services for which maps have no room. */
  leftOut(): number;
  counts(): { readonly frontends: number; readonly sets: number; readonly ranges: number };
}

/** All that a fault may be. */
const faultKinds = [
  'map-full',
  'refused',
  'missing',
  'gone',
  'failed',
] as const satisfies KernelFault['kind'][];
const stepKinds = [
  ...(['put-slots', 'put-tables', 'put-ranges', 'put-frontends'] as const),
  ...(['remove-frontends', 'remove-ranges', 'remove-tables', 'remove-slots'] as const),
] satisfies Step['kind'][];

/** Registers the metrics; `figures` is asked at each scrape. */
export function createMetrics(registry: Registry, figures: MapFigures): Metrics {
  const registers = [registry];
  new Gauge({
    name: 'sluice_datapath_rows',
    help: 'Frontends, sets of backends and source ranges that the maps have to hold.',
    labelNames: ['kind'],
    registers,
    collect() {
      for (const [kind, count] of Object.entries(figures.counts())) this.set({ kind }, count);
    },
  });
  new Gauge({
    name: 'sluice_datapath_left_out_services',
    help: 'Services for whose newest version maps have no room.',
    registers,
    collect() {
      this.set(figures.leftOut());
    },
  });
  const rows = new Counter({
    name: 'sluice_datapath_written_rows_total',
    help: 'Rows written to the maps and removed from them.',
    labelNames: ['step'],
    registers,
  });
  for (const step of stepKinds) rows.inc({ step }, 0);
  const faults = new Counter({
    name: 'sluice_datapath_faults_total',
    help: 'Times that the kernel did not take what was written; map-full: a map has no room.',
    labelNames: ['kind'],
    registers,
  });
  for (const kind of faultKinds) faults.inc({ kind }, 0);
  return {
    rows,
    faults,
    resyncs: new Counter({
      name: 'sluice_datapath_resyncs_total',
      help: 'Times that all maps were compared with what they have to hold.',
      registers,
    }),
    differences: new Counter({
      name: 'sluice_datapath_ir_differences_total',
      help: 'Revisions that differed, as they were read, from what the translator wrote down of the whole IR.',
      registers,
    }),
    revision: new Gauge({
      name: 'sluice_datapath_revision_seq',
      help: 'Sequence of the newest revision in the maps.',
      registers,
    }),
  };
}

/** Registers the figures of flows; what is given back takes those of a batch. */
export function createFlowMetrics(registry: Registry): (counts: FlowCounts) => void {
  const registers = [registry];
  const flows = new Counter({
    name: 'sluice_datapath_flows_total',
    help: 'Flows that the programs told; unsent: NATS was away, or there were too many.',
    labelNames: ['outcome'],
    registers,
  });
  const lost = new Gauge({
    name: 'sluice_datapath_flows_lost',
    help: 'Flows for which the ring buffer had no room, since the maps were made.',
    registers,
  });
  return (counts) => {
    flows.inc({ outcome: 'sent' }, counts.sent);
    flows.inc({ outcome: 'unsent' }, counts.unsent);
    lost.set(counts.lost);
  };
}
