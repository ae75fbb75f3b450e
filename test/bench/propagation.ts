// How long a changed route takes from its file to the first answer, and what it costs, by the number of routes:
// `node test/bench/propagation.ts [N…]`, default 100 1000 5000. Not part of `npm test`.
import { readFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { serviceObjects, startBackend, until } from '@sluice/testkit';
import { Client } from 'undici';
import { footprintAtRest, readFootprint } from '../harness/footprint.ts';
import { type HostLayout, manyRoutesGateway, oneOfMany, placeOf } from '../harness/many-routes.ts';
import { metricsOf } from '../harness/metrics.ts';
import { type ProcessName, type Sluice, startSluice } from '../harness/sluice.ts';

const edits = 20;
const patienceMs = 300_000;
const processes: readonly ProcessName[] = ['api-watcher', 'translator', 'xds-server', 'envoy', 'nats', 'up'];
/** USER_HZ of Linux. */
const tickMs = 10;

interface Row {
  readonly layout: HostLayout;
  readonly routes: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly bytes: number;
  readonly cpuMs: Readonly<Record<string, number>>;
}

/** CPU time of a process so far, milliseconds. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

/** Edits a route's file and asks each millisecond over one connection until the new version answers. */
async function propagate(
  sluice: Sluice,
  of: { client: Client; layout: HostLayout; index: number; version: string },
): Promise<number> {
  const { client, layout, index, version } = of;
  const { host, path } = placeOf(layout, index);
  const startMs = performance.now();
  sluice.write({ [`route-${index}.yaml`]: oneOfMany(layout, index, version) });
  for (;;) {
    const answer = await client.request({ method: 'GET', path, headers: { host } });
    await answer.body.dump();
    if (answer.headers['x-version'] === version) return performance.now() - startMs;
    if (performance.now() - startMs > patienceMs) throw new Error(`version ${version} never came`);
    await pause(1);
  }
}

async function measure(sluice: Sluice, of: { layout: HostLayout; routes: number }): Promise<Row> {
  const { layout, routes } = of;
  const { address, port } = await sluice.target('edge', 80);
  const client = new Client(`http://${address}:${port}`);
  const change = (i: number, name: string) =>
    propagate(sluice, { client, layout, index: (i * 37) % routes, version: `${routes}-${name}${i}` });
  for (let i = 0; i < 3; i += 1) await change(i, 'warm');
  const before = await footprintAtRest(sluice.dataDir, patienceMs);
  const used = processes.map((name) => cpuMs(sluice.pid(name)));
  const times: number[] = [];
  for (let i = 0; i < edits; i += 1) times.push(await change(i, 'v'));
  const after = await readFootprint(sluice.dataDir);
  await client.close();
  times.sort((a, b) => a - b);
  return {
    layout,
    routes,
    p50Ms: times[Math.floor(edits * 0.5)] ?? 0,
    p90Ms: times[Math.floor(edits * 0.9)] ?? 0,
    bytes: (after.sentBytes - before.sentBytes) / edits,
    cpuMs: Object.fromEntries(
      processes.map((name, i) => [name, (cpuMs(sluice.pid(name)) - (used[i] ?? 0)) / edits]),
    ),
  };
}

async function grow(sluice: Sluice, of: { layout: HostLayout; from: number; to: number }): Promise<void> {
  for (let i = of.from; i < of.to; i += 1)
    sluice.write({ [`route-${i}.yaml`]: oneOfMany(of.layout, i, '0') });
  const series = 'sluice_source_objects{kind="HTTPRoute"}';
  const written = async () => (await metricsOf(sluice.dataDir, 'api-watcher')).get(series) === of.to;
  await until(written, { timeoutMs: patienceMs, intervalMs: 200, message: `${of.to} routes on the log` });
  await footprintAtRest(sluice.dataDir, patienceMs);
}

async function run(layout: HostLayout, sizes: readonly number[]): Promise<Row[]> {
  await using backend = await startBackend({ name: 'echo' });
  const echo = serviceObjects({ name: 'echo', endpoints: [backend] });
  await using sluice = await startSluice({
    manifests: { 'gateway.yaml': manyRoutesGateway, 'echo.yaml': echo },
  });
  const rows: Row[] = [];
  let from = 0;
  for (const to of sizes) {
    await grow(sluice, { layout, from, to });
    rows.push(await measure(sluice, { layout, routes: to }));
    from = to;
  }
  return rows;
}

function print(rows: readonly Row[]): void {
  const head = [
    'routes',
    'p50 ms',
    'p90 ms',
    'p50 to smallest',
    'xDS bytes',
    ...processes.map((name) => `${name} ms`),
  ];
  console.log(`| layout | ${head.join(' | ')} |\n|---|${head.map(() => '--:|').join('')}`);
  for (const row of rows) {
    const smallest = rows.find(({ layout }) => layout === row.layout) ?? row;
    const cells = [
      `${row.routes}`,
      row.p50Ms.toFixed(1),
      row.p90Ms.toFixed(1),
      `${(row.p50Ms / smallest.p50Ms).toFixed(2)}×`,
      row.bytes.toFixed(0),
      ...processes.map((name) => (row.cpuMs[name] ?? 0).toFixed(1)),
    ];
    console.log(`| ${row.layout} | ${cells.join(' | ')} |`);
  }
}

const given = process.argv.slice(2).map(Number);
const sizes = given.length === 0 ? [100, 1_000, 5_000] : given;
console.log(
  `Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, Node ${process.version}; ${edits} edits each\n`,
);
print([...(await run('own hostnames', sizes)), ...(await run('one hostname', sizes))]);
