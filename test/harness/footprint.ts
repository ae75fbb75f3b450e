import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@sluice/testkit';
import { type Figures, metricsOf, total } from './metrics.ts';

const streams = ['FACTS', 'IR', 'STATUS'] as const;
type Stream = (typeof streams)[number];

/** What has been done and written since the instance started; the difference of two is what a change cost. */
export interface Footprint {
  readonly transforms: number;
  /** Envoy resources sent and removed, by kind; kinds without any are left out. */
  readonly sent: Readonly<Record<string, number>>;
  readonly sentBytes: number;
  readonly events: Readonly<Record<Stream, number>>;
  readonly bytes: Readonly<Record<Stream, number>>;
  /** Revisions acknowledged. */
  readonly acknowledged: number;
}

/** A stream as the log's server counts it. */
export interface StreamState {
  readonly last_seq: number;
  /** What is kept at present. */
  readonly messages: number;
  readonly bytes: number;
}

interface JetStreamStatus {
  readonly account_details?: readonly {
    readonly stream_detail?: readonly {
      readonly name: string;
      readonly state: StreamState;
    }[];
  }[];
}

/** Reads the figures of all services and of the log's server. */
export async function readFootprint(dataDir: string): Promise<Footprint> {
  const translator = await metricsOf(dataDir, 'translator');
  const xds = await metricsOf(dataDir, 'xds-server');
  const log = await streamStates(dataDir);
  return {
    transforms: total(translator, 'sluice_translator_transforms_total'),
    sent: sentByKind(xds),
    sentBytes: total(xds, 'sluice_xds_sent_bytes_total'),
    events: pick((stream) => log.get(stream)?.last_seq ?? 0),
    bytes: pick((stream) => log.get(stream)?.bytes ?? 0),
    acknowledged: total(translator, 'sluice_change_to_ack_seconds_count'),
  };
}

/** What lies between two footprints. */
export function costBetween(before: Footprint, after: Footprint): Footprint {
  const kinds = Object.keys(after.sent).filter((kind) => after.sent[kind] !== before.sent[kind]);
  return {
    transforms: after.transforms - before.transforms,
    sent: Object.fromEntries(kinds.map((kind) => [kind, (after.sent[kind] ?? 0) - (before.sent[kind] ?? 0)])),
    sentBytes: after.sentBytes - before.sentBytes,
    events: pick((stream) => after.events[stream] - before.events[stream]),
    bytes: pick((stream) => after.bytes[stream] - before.bytes[stream]),
    acknowledged: after.acknowledged - before.acknowledged,
  };
}

/** Resolves with the footprint once every event is worked through and two looks see the same. */
export async function footprintAtRest(dataDir: string, timeoutMs = 60_000): Promise<Footprint> {
  let last = '';
  return until(
    async () => {
      const lag =
        total(await metricsOf(dataDir, 'translator'), 'sluice_log_lag_events') +
        total(await metricsOf(dataDir, 'xds-server'), 'sluice_log_lag_events');
      const now = await readFootprint(dataDir);
      const still = lag === 0 && JSON.stringify(now) === last;
      last = JSON.stringify(now);
      return still ? now : undefined;
    },
    { timeoutMs, intervalMs: 300, message: () => `rest; last seen ${last}` },
  );
}

function sentByKind(xds: Figures): Record<string, number> {
  const sent: Record<string, number> = {};
  for (const [series, value] of xds) {
    const kind = /^sluice_xds_resources_(?:sent|removed)_total\{kind="(?<kind>[a-z-]+)"\}$/.exec(series)
      ?.groups?.kind;
    if (kind !== undefined && value > 0) sent[kind] = (sent[kind] ?? 0) + value;
  }
  return sent;
}

/** All streams of an instance, by name. */
export async function streamStates(dataDir: string): Promise<Map<string, StreamState>> {
  const file = join(dataDir, 'run', 'instance.json');
  const { natsMonitorPort } = JSON.parse(readFileSync(file, 'utf8')) as { natsMonitorPort: number };
  const answer = await fetch(`http://127.0.0.1:${natsMonitorPort}/jsz?streams=true`);
  const status = (await answer.json()) as JetStreamStatus;
  const details = (status.account_details ?? []).flatMap(({ stream_detail = [] }) => stream_detail);
  return new Map(details.map(({ name, state }) => [name, state]));
}

function pick(of: (stream: Stream) => number): Record<Stream, number> {
  return { FACTS: of('FACTS'), IR: of('IR'), STATUS: of('STATUS') };
}
