import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { pinDirectory } from './datapath.ts';
import { EnvoyAdmin } from './envoy-admin.ts';
import { localRequest } from './local-http.ts';
import type { Health, ProcessSpec } from './process-spec.ts';
import { type ServiceName, type Settings, services, standaloneControllers } from './settings.ts';
import { baseIdFile, removeSharedMemory } from './shared-memory.ts';
import { installRoot, programVersion, type ServiceProgram, servicePrograms } from './toolchain.ts';

/** How long the processes may take to stop before they are killed, milliseconds. */
const stopTimeoutMs = 5_000;
/** How long connections of a replaced listener may live on, seconds: more than the default request timeout of 15 s. */
const drainSeconds = 60;

/** Where the sockets of an instance are. */
export function socketPaths(sockets: string) {
  return {
    http: (process: string) => join(sockets, `${process}.http.sock`),
    xds: (replica: number) => join(sockets, `xds-${replica}.sock`),
    envoyAdmin: join(sockets, 'envoy.admin.sock'),
  };
}

/** Name of the process of a replica: `translator`, then `translator-1`, … */
export function processName(service: ServiceName, replica: number): string {
  return replica === 0 ? service : `${service}-${replica}`;
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

/** nats-server with a configuration file; its text is part of the hash. */
export function natsSpec(
  settings: Pick<Settings, 'layout' | 'natsServer' | 'natsMonitorPort'>,
  of: { readonly file: string; readonly text: string },
): ProcessSpec {
  return {
    name: 'nats',
    command: settings.natsServer,
    args: () => ['-c', of.file],
    env: { GOMEMLIMIT: `${natsMemoryLimit(settings.layout.nats)}` },
    cwd: settings.layout.run,
    logFile: join(settings.layout.log, 'nats.log'),
    configHash: hashOf([programVersion(settings.natsServer), of]),
    handover: false,
    orphaned: false,
    stopTimeoutMs,
    probe: () => probeNats(settings.natsMonitorPort),
  };
}

/** Enough for a log of 10,000 routes, bytes; without a limit Go lets twice as much grow before it collects. */
const natsMemory = 64 * 1024 * 1024;

/** What Go's collector holds nats-server to, bytes: a limit that it may exceed, higher where the log is large already. */
function natsMemoryLimit(store: string): number {
  const files = readdirSync(store, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const size = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const stored = files.reduce((sum, { parentPath, name }) => sum + size(join(parentPath, name)), 0);
  // Go takes whole numbers alone.
  return natsMemory + Math.round(stored / 2);
}

/** Ready when NATS serves JetStream. */
export async function probeNats(monitorPort: number): Promise<Health> {
  try {
    const answer = await localRequest({ at: { port: monitorPort }, path: '/healthz?js-enabled-only=true' });
    return answer.status === 200
      ? { ok: true, detail: '' }
      : { ok: false, detail: `its health check answers ${answer.status}` };
  } catch {
    return { ok: false, detail: 'its monitoring port does not answer' };
  }
}

/** Envoy with a bootstrap file; a living one is replaced by hot restart, so that no connection is refused meanwhile. */
export function envoySpec(
  settings: Settings,
  of: { readonly file: string; readonly text: string },
): ProcessSpec {
  const idFile = baseIdFile(settings.layout);
  const flush = ['--file-flush-interval-msec', '1000'];
  const fixed = ['-c', of.file, '--log-level', 'warning', '--drain-time-s', `${drainSeconds}`, ...flush];
  const times = ['--parent-shutdown-time-s', `${drainSeconds + 5}`];
  return {
    name: 'envoy',
    command: settings.envoy,
    args: ({ epoch }) => [...fixed, ...times, ...baseIdArguments(idFile, epoch)],
    env: {},
    cwd: settings.layout.run,
    logFile: join(settings.layout.log, 'envoy.log'),
    outputFile: join(settings.layout.log, 'access.log'),
    configHash: hashOf([programVersion(settings.envoy), of, fixed]),
    handover: true,
    orphaned: true,
    stopTimeoutMs,
    cleanUp: () => removeSharedMemory(settings.layout),
    probe: () => new EnvoyAdmin(socketPaths(settings.layout.sockets).envoyAdmin).probe(),
  };
}

function baseIdArguments(file: string, epoch: number): string[] {
  if (epoch === 0) return ['--use-dynamic-base-id', '--base-id-path', file];
  return ['--base-id', readBaseId(file), '--restart-epoch', `${epoch}`];
}

function readBaseId(file: string): string {
  return readFileSync(file, 'utf8').trim();
}

/** Lets a service give memory back when it rests. */
const collectable = '--expose-gc';
/** A heap that begins small is collected again and again while a start fills it: a tenth of the processor's work. MiB. */
const roomy = '--initial-heap-size=128';
/** After a rest V8 keeps 1 MiB for new objects and collects them at every fifth change: 4 % of the services' work. MiB of each half. */
const roomyForNew = '--min-semi-space-size=4';

/**
 * Has glibc give freed memory back to the system. By itself it keeps an arena for each thread, and keeps ever larger buffers in the heap
 * once one was freed: after a start with 10,000 routes 35 to 80 MiB of each process were memory that nobody used. Values in bytes.
 * `bin/sluice` says the same.
 */
const thriftyMalloc = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

/** All processes of our own services. */
export function serviceSpecs(settings: Settings): ProcessSpec[] {
  const programs = servicePrograms(services);
  return services.flatMap((service) =>
    Array.from({ length: settings.request.replicas[service] }, (_, replica) =>
      serviceSpec(settings, { service, replica, program: programs[service] }),
    ),
  );
}

function serviceSpec(
  settings: Settings,
  of: { service: ServiceName; replica: number; program: ServiceProgram },
): ProcessSpec {
  const { layout, config, request } = settings;
  const name = processName(of.service, of.replica);
  const socket = socketPaths(layout.sockets).http(name);
  const env = {
    SLUICE_NATS_URL: `nats://127.0.0.1:${settings.natsPort}`,
    SLUICE_NATS_MONITOR_URL: `http://127.0.0.1:${settings.natsMonitorPort}`,
    SLUICE_NATS_SEED_FILE: join(layout.keys, 'nkeys', `${of.service}.seed`),
    SLUICE_HTTP_LISTEN: `unix:${socket}`,
    SLUICE_LOG_LEVEL: request.logLevel,
    SLUICE_REPLICA: `${of.service}-${of.replica}`,
    ...(config.otlpEndpoint === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: config.otlpEndpoint }),
    ...ownEnvironment(settings, of),
  };
  return {
    name,
    command: process.execPath,
    args: () => [collectable, roomy, roomyForNew, of.program.file],
    env: { ...env, ...thriftyMalloc, NODE_COMPILE_CACHE: config.compileCache ?? layout.cache },
    cwd: installRoot,
    logFile: join(layout.log, `${name}.log`),
    configHash: hashOf([process.execPath, process.version, of.program.version, env]),
    handover: false,
    orphaned: false,
    stopTimeoutMs,
    probe: () => probeService(socket),
  };
}

function ownEnvironment(
  settings: Settings,
  of: { service: ServiceName; replica: number },
): Record<string, string> {
  const { layout, request, config } = settings;
  const secretKey = { SLUICE_SECRET_KEY_FILE: layout.secretKey };
  switch (of.service) {
    case 'api-watcher':
      return {
        SLUICE_SOURCE_DIRS: request.directories.join(':'),
        SLUICE_ADDRESS_POOL: settings.pool,
        SLUICE_LOW_PORT_OFFSET: `${settings.lowPortOffset}`,
        SLUICE_CONTROLLER_NAMES: standaloneControllers.join(','),
        ...secretKey,
      };
    case 'translator':
      return { SLUICE_CONTROLLER_NAMES: standaloneControllers.join(',') };
    case 'xds-server':
      return {
        SLUICE_XDS_LISTEN: `unix:${socketPaths(layout.sockets).xds(of.replica)}`,
        SLUICE_STATE_FILE: join(layout.xds, of.replica === 0 ? 'state.db' : `state-${of.replica}.db`),
        ...(config.silentMs === undefined ? {} : { SLUICE_SILENT_MS: config.silentMs }),
        ...(config.routeLayout === undefined ? {} : { SLUICE_ROUTE_LAYOUT: config.routeLayout }),
        ...secretKey,
      };
    case 'bpf-agent':
      return {
        SLUICE_BPF_PIN_DIR: pinDirectory(layout),
        ...(request.datapath?.cgroup === undefined ? {} : { SLUICE_CGROUP: request.datapath.cgroup }),
      };
  }
}

/** `/readyz` of a service. */
export async function probeService(socket: string): Promise<Health> {
  try {
    const answer = await localRequest({ at: { socket }, path: '/readyz' });
    return { ok: answer.status === 200, ...tellingChecks(answer.body) };
  } catch {
    return { ok: false, detail: 'does not answer on its socket' };
  }
}

const readinessSchema = z.object({
  checks: z.array(
    z.object({ name: z.string(), ok: z.boolean(), detail: z.string(), degraded: z.boolean().optional() }),
  ),
});

/** What fails, and what is worse than it should be while the service goes on. */
function tellingChecks(body: string): Pick<Health, 'detail' | 'degraded'> {
  try {
    const { checks } = readinessSchema.parse(JSON.parse(body));
    const words = (of: typeof checks): string =>
      of.map(({ name, detail }) => (detail === '' ? name : `${name}: ${detail}`)).join('; ');
    const degraded = words(checks.filter((check) => check.ok && check.degraded === true));
    return {
      detail: words(checks.filter((check) => !check.ok)),
      ...(degraded === '' ? {} : { degraded }),
    };
  } catch {
    return { detail: 'its answer cannot be read' };
  }
}
