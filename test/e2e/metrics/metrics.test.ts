// The figures of each service, read as Prometheus reads them: they are there, and one change moves them.
import { request, until } from '@sluice/testkit';
import { expect, it } from 'vitest';
import { metricsOf, total } from '../../harness/metrics.ts';
import { gateway, httpRoute, rule } from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const world = useSluice({
  backends: ['echo'],
  manifests: () => ({ 'gateway.yaml': gateway('edge'), 'route.yaml': route('first') }),
});

function route(version: string): object {
  const filter = {
    type: 'ResponseHeaderModifier',
    responseHeaderModifier: { set: [{ name: 'x-version', value: version }] },
  };
  return httpRoute('app', { parent: 'edge', rules: [rule('echo', { filters: [filter] })] });
}

/** What one change moves: service → series → by how much. */
const counted = {
  'api-watcher': ['sluice_source_change_seconds_count', 'sluice_source_events_written_total'],
  translator: [
    'sluice_translator_facts_total',
    'sluice_translator_transforms_total',
    'sluice_translator_ir_changes_total',
    'sluice_translator_statuses_total',
    'sluice_change_to_ack_seconds_count',
    'sluice_change_to_ack_seconds_sum',
  ],
  'xds-server': [
    'sluice_xds_resources_sent_total',
    'sluice_xds_sent_bytes_total',
    'sluice_xds_push_to_ack_seconds_count',
  ],
} as const;

async function figures(): Promise<Record<string, number>> {
  const { dataDir } = world().sluice;
  const all: Record<string, number> = {};
  for (const [service, names] of Object.entries(counted)) {
    const read = await metricsOf(dataDir, service);
    for (const name of names) all[name] = total(read, name);
  }
  return all;
}

it('one changed route moves lag, transforms and seconds from the change to the acknowledgement', async () => {
  const { sluice } = world();
  const target = await sluice.target('edge', 80);
  const lagOf = async (service: string) => {
    const read = await metricsOf(sluice.dataDir, service);
    return [...read].filter(([series]) => series.startsWith('sluice_log_lag_events'));
  };
  const atRest = async () => {
    expect(await lagOf('translator')).toEqual([['sluice_log_lag_events{stream="FACTS"}', 0]]);
    expect(await lagOf('xds-server')).toEqual([['sluice_log_lag_events{stream="IR"}', 0]]);
    return true;
  };
  await until(atRest);
  const before = await figures();
  sluice.write({ 'route.yaml': route('second') });
  await until(async () => (await request({ ...target, path: '/' })).headers['x-version'] === 'second');
  await until(
    async () =>
      (await figures()).sluice_change_to_ack_seconds_count !== before.sluice_change_to_ack_seconds_count,
  );
  await until(atRest);
  const after = await figures();
  const moved = Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]),
  );
  expect(moved).toMatchObject({
    sluice_source_change_seconds_count: 1,
    sluice_source_events_written_total: 1,
    sluice_translator_facts_total: 1,
    sluice_translator_ir_changes_total: 1,
    sluice_change_to_ack_seconds_count: 1,
    sluice_xds_resources_sent_total: 1,
    sluice_xds_push_to_ack_seconds_count: 1,
  });
  for (const [name, by] of Object.entries(moved)) expect([name, by > 0]).toEqual([name, true]);
  expect(moved.sluice_translator_transforms_total).toBeLessThan(60);
});
