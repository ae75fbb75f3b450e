// What a change of one route costs in each layout, from the commit on the log to the first answer of the real Envoy that
// shows it, and what Envoy pays for each request: `node services/xds-server/src/testing/bench-route-layouts.ts`.
// Both layouts run in one go: compare the ratios; the absolute numbers are those of the machine.
import { readFileSync } from 'node:fs';
import type { IrHttpRoute, IrResource } from '@sluice/ir';
import { connectClient, freePort, type RunningEnvoy, request, startBackend } from '@sluice/testkit';
import { type RouteLayoutName, routeLayoutNames } from '../core/route-layouts.ts';
import { attached, cluster, endpoints, forward, gateway, listener, prefix, route, rule } from './ir.ts';
import { Rig } from './rig.ts';

const changes = 30;
const requests = 4_000;
/** Clock ticks of /proc/<pid>/stat on Linux. */
const ticksPerSecond = 100;

interface Shape {
  readonly name: string;
  readonly routes: number;
  /** The route of a number, marked with a value that its answers show. */
  make(n: number, mark: string): IrHttpRoute;
  /** Where the route of a number is asked for. */
  readonly target: (n: number) => { readonly host: string; readonly path: string };
}

function marked(n: number, mark: string, rest: { hostnames: string[]; path: string }): IrHttpRoute {
  const responseHeaders = { set: [{ name: 'x-mark', value: mark }], add: [], remove: [] };
  const matches = [prefix(rest.path)];
  return route(`r${n}`, [rule(forward('one'), { matches, responseHeaders })], attached(rest.hostnames));
}

const hosts = (routes: number): Shape => ({
  name: `${routes} hosts`,
  routes,
  make: (n, mark) => marked(n, mark, { hostnames: [`h${n}.example`], path: '/' }),
  target: (n) => ({ host: `h${n}.example`, path: '/' }),
});
const oneHost = (routes: number): Shape => ({
  name: `${routes} paths of one host`,
  routes,
  make: (n, mark) => marked(n, mark, { hostnames: ['*'], path: `/svc-${n}` }),
  target: (n) => ({ host: 'any.example', path: `/svc-${n}` }),
});

function cpuSeconds(envoy: RunningEnvoy): number {
  const fields = readFileSync(`/proc/${envoy.process.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

interface Result {
  readonly effectiveMs: number;
  readonly changeCpuMs: number;
  readonly requestCpuUs: number;
}

async function measure(layout: RouteLayoutName, shape: Shape): Promise<Result> {
  await using rig = new Rig({ layout });
  await using backend = await startBackend({ name: 'one' });
  const port = await freePort();
  await rig.startServer();
  const envoy = await rig.startEnvoy();
  const base: IrResource[] = [
    gateway(['127.0.0.1'], ['shop/edge/80']),
    listener(port),
    cluster('one'),
    endpoints('one', [backend.port]),
  ];
  await rig.apply([...base, ...Array.from({ length: shape.routes }, (_, n) => shape.make(n, '0'))]);
  const target = { address: '127.0.0.1', port };
  const times: number[] = [];
  const before = cpuSeconds(envoy);
  for (let i = 1; i <= changes; i++) {
    const n = (i * 7_919) % shape.routes;
    const from = performance.now();
    await rig.commit([shape.make(n, `${i}`)]);
    const asked = { ...target, ...shape.target(n) };
    while ((await request(asked)).headers['x-mark'] !== `${i}`);
    times.push(performance.now() - from);
  }
  const changeCpuMs = ((cpuSeconds(envoy) - before) * 1_000) / changes;
  const client = connectClient(target);
  const idle = cpuSeconds(envoy);
  for (let i = 0; i < requests; i++) {
    const { host, path } = shape.target(i % shape.routes);
    const { body } = await client.request({ method: 'GET', path, headers: { host } });
    await body.dump();
  }
  const requestCpuUs = ((cpuSeconds(envoy) - idle) * 1e6) / requests;
  await client.close();
  return { effectiveMs: median(times), changeCpuMs, requestCpuUs };
}

const shapes = [hosts(1_000), hosts(5_000), oneHost(1_000), oneHost(5_000)];
const columns = ['effectiveMs', 'changeCpuMs', 'requestCpuUs'] as const;
process.stdout.write(
  `${'plain -> scoped (ratio)'.padEnd(28)}${'change effective, p50 ms'.padEnd(30)}${'Envoy CPU per change, ms'.padEnd(30)}Envoy CPU per request, us\n`,
);
for (const shape of shapes) {
  const results = new Map<RouteLayoutName, Result>();
  for (const layout of routeLayoutNames) results.set(layout, await measure(layout, shape));
  const cells = columns.map((column) => {
    const [plain, scoped] = [results.get('plain')?.[column] ?? 0, results.get('scoped')?.[column] ?? 0];
    return `${plain.toFixed(1)} -> ${scoped.toFixed(1)} (${(plain / scoped).toFixed(2)} x)`.padEnd(30);
  });
  process.stdout.write(`${shape.name.padEnd(28)}${cells.join('')}\n`);
}
