// api-watcher as a process on a real API server and a real log, and what a test wants to know of both.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectEventLog, type EventLog, type LogWriter } from '@sluice/event-log';
import { decodeEvent, encodeEvent, type Fact, type StatusEvent, streams } from '@sluice/events';
import { type LaunchedProcess, launch, type RunningNats, startNats, tempDir, until } from '@sluice/testkit';
import type { Cluster } from '@sluice/testkit/cluster';
import { apiAccess } from './adapters/kubernetes/api-access.ts';
import { ApiClient } from './adapters/kubernetes/api-client.ts';

export const controller = 'sluice.dev/gateway-controller';
export const gatewayApi = '/apis/gateway.networking.k8s.io/v1';

export interface World extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly api: ApiClient;
  readonly log: EventLog;
  /** Starts api-watcher; with the rights of `kubeconfig`, default: an administrator's. */
  start(options?: {
    name?: string;
    kubeconfig?: string;
    env?: Record<string, string>;
  }): Promise<LaunchedProcess>;
  /** The newest fact on each subject. */
  facts(): Promise<Fact[]>;
  /** Says something as the translator does. */
  say(events: readonly StatusEvent[]): Promise<void>;
}

export async function startWorld(cluster: Cluster): Promise<World> {
  const dir = tempDir();
  const nats: RunningNats = await startNats();
  const log = await connectEventLog({ url: nats.url, monitorUrl: nats.monitorUrl, name: 'test' });
  writeFileSync(dir.file('secret.key'), randomBytes(32), { mode: 0o600 });
  const api = new ApiClient(await apiAccess(cluster.kubeconfig));
  let writer: LogWriter | undefined;
  await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'sluice-system' } }]);
  return {
    cluster,
    api,
    log,
    start: ({ name = 'api-watcher', kubeconfig = cluster.kubeconfig, env = {} } = {}) =>
      launch({
        name,
        command: process.execPath,
        args: [join(import.meta.dirname, 'main.ts')],
        env: {
          PATH: process.env.PATH,
          SLUICE_NATS_URL: nats.url,
          SLUICE_NATS_MONITOR_URL: nats.monitorUrl,
          SLUICE_SOURCE: 'kubernetes',
          SLUICE_KUBECONFIG: kubeconfig,
          SLUICE_SECRET_KEY_FILE: dir.file('secret.key'),
          SLUICE_REPLICA: name,
          SLUICE_LOG_LEVEL: 'debug',
          ...env,
        },
      }),
    facts: () => factsOf(log),
    async say(events) {
      // As in a cluster, api-watcher may be there before the translator has made the stream.
      await log.ensureStream(streams.STATUS);
      writer ??= await log.openWriter('STATUS', 'translator');
      await writer.append(events.map((event) => encodeEvent(event)));
    },
    async [Symbol.asyncDispose]() {
      await api.close();
      await log.close();
      await nats[Symbol.asyncDispose]();
      dir[Symbol.dispose]();
    },
  };
}

async function factsOf(log: EventLog): Promise<Fact[]> {
  const { events } = await log.stateAt('FACTS');
  return [...events.values()].flatMap(({ data }) => {
    const decoded = decodeEvent('FACTS', data);
    return decoded.ok ? [decoded.event] : [];
  });
}

/** Waits until the facts are as they should be. */
export async function untilFacts(
  world: World,
  test: (facts: readonly Fact[]) => boolean,
  message: string,
): Promise<void> {
  await until(async () => test(await world.facts()), { message, timeoutMs: 120_000, intervalMs: 100 });
}

/** `Kind/name` of every object in force in a namespace, sorted. */
export function namesIn(facts: readonly Fact[], namespace: string): string[] {
  return facts
    .flatMap((f) =>
      f.type === 'ObjectChanged' && f.object.metadata.namespace === namespace
        ? [`${f.object.kind}/${f.object.metadata.name}`]
        : [],
    )
    .toSorted();
}

/** State of a kind, as `synced` or `unavailable`. */
export function stateOf(facts: readonly Fact[], kind: string): string {
  return facts.flatMap((f) => (f.type === 'KindSynced' && f.kind === kind ? [f.state] : []))[0] ?? 'none';
}

export const gatewayClass = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: { name: 'sluice' },
  spec: { controllerName: controller },
};

export function gateway(namespace: string, name: string, listener: object = {}): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { namespace, name },
    spec: {
      gatewayClassName: 'sluice',
      listeners: [{ name: 'http', port: 80, protocol: 'HTTP', ...listener }],
    },
  };
}

export function httpRoute(namespace: string, name: string, parent = 'gw'): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { namespace, name },
    spec: { parentRefs: [{ name: parent }], rules: [{ backendRefs: [{ name: 'b', port: 80 }] }] },
  };
}

export function namespace(name: string): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

/** A condition as the translator writes it. */
export function condition(type: string, status: string, reason: string, generation = 1): object {
  return {
    type,
    status,
    reason,
    message: `${reason}, says the test`,
    observedGeneration: generation,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
}
