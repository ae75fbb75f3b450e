import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type LaunchedProcess,
  launch,
  type RequestTarget,
  type RunningEnvoy,
  type RunningNats,
  startEnvoy,
  startNats,
  tempDir,
  until,
} from '@sluice/testkit';
import type { Cluster } from '@sluice/testkit/cluster';
import { envoyBootstrap } from '@sluice/xds-server/core';
import { type Figures, metricsOf } from '../metrics.ts';
import { gateway } from '../objects.ts';
import type { ClusterApi } from './cluster-api.ts';

/** A service of the platform. */
export type PlatformService = 'api-watcher' | 'translator' | 'xds-server';

/** How the platform is run. */
export interface PlatformOptions {
  readonly cluster: Cluster;
  readonly api: ClusterApi;
  /** How often each service runs; default once. */
  readonly replicas?: Partial<Record<PlatformService, number>>;
  /** Added to the environment of a service. */
  readonly env?: Partial<Record<PlatformService, Readonly<Record<string, string>>>>;
}

/** The class that must be there. */
export const gatewayClass = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: { name: 'sluice' },
  spec: { controllerName: 'sluice.dev/gateway-controller' },
} as const;

/** Where the Lease of api-watcher stands. */
export const systemNamespace = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'sluice-system' },
} as const;

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const services: readonly PlatformService[] = ['api-watcher', 'translator', 'xds-server'];
/** For a busy machine. */
const answerMs = 120_000;
/** What stands in the status of Gateways: nobody connects to it. */
const balancerAddress = '198.51.100.1';

/**
 * NATS, the services and one Envoy as processes of this machine, reading the API server of a test cluster as `deploy/` has them do. There
 * is no load balancer: this gives the Services of Gateways an address, and requests go straight to the port that Envoy binds.
 */
export class KubernetesPlatform implements AsyncDisposable {
  /** As that of an instance of `sluice up`: sockets are in `run`. */
  readonly dataDir: string;
  readonly #options: PlatformOptions;
  readonly #stack: AsyncDisposableStack;
  readonly #nats: RunningNats;
  readonly #bindAddress: string;
  readonly #processes = new Map<string, LaunchedProcess>();
  #envoy: RunningEnvoy | undefined;

  private constructor(
    options: PlatformOptions,
    of: { dataDir: string; nats: RunningNats; stack: AsyncDisposableStack },
  ) {
    this.#options = options;
    this.dataDir = of.dataDir;
    this.#nats = of.nats;
    this.#stack = of.stack;
    const part = (): number => 1 + Math.floor(Math.random() * 250);
    this.#bindAddress = `127.${121 + (part() % 100)}.${part()}.${part()}`;
  }

  /** Starts everything at once on an empty log; resolves when all processes run, which is before they serve. */
  static async start(options: PlatformOptions): Promise<KubernetesPlatform> {
    await using stack = new AsyncDisposableStack();
    const dir = stack.adopt(tempDir(), (one) => one[Symbol.dispose]());
    mkdirSync(join(dir.path, 'run'));
    writeFileSync(dir.file('secret.key'), randomBytes(32), { mode: 0o600 });
    const nats = stack.use(await startNats());
    // What the harness reads of an instance of `sluice up`.
    const natsMonitorPort = Number(new URL(nats.monitorUrl).port);
    writeFileSync(join(dir.path, 'run', 'instance.json'), JSON.stringify({ natsMonitorPort }));
    const platform = new KubernetesPlatform(options, { dataDir: dir.path, nats, stack: stack.move() });
    try {
      await platform.#startAll();
    } catch (error) {
      await platform[Symbol.asyncDispose]();
      throw error;
    }
    return platform;
  }

  async #startAll(): Promise<void> {
    const { replicas = {} } = this.#options;
    const names = services.flatMap((service) =>
      Array.from({ length: replicas[service] ?? 1 }, (_, i) => (i === 0 ? service : `${service}-${i}`)),
    );
    const [xdsSocket = '', ...moreXdsSockets] = names
      .filter((name) => name.startsWith('xds-server'))
      .map((name) => this.#xdsSocket(name));
    const bootstrap = { nodeId: 'envoy', nodeCluster: 'sluice', xdsSocket, moreXdsSockets };
    const [envoy] = await Promise.all([
      startEnvoy({ bootstrap: envoyBootstrap(bootstrap), waitFor: 'started' }),
      ...names.map((name) => this.startProcess(name)),
    ]);
    this.#envoy = this.#stack.use(envoy);
  }

  /** @throws Error before it has been started */
  get envoy(): RunningEnvoy {
    if (this.#envoy === undefined) throw new Error('Envoy has not been started');
    return this.#envoy;
  }

  get nats(): RunningNats {
    return this.#nats;
  }

  /** A process by its name: `translator`, and `translator-1` for the second one. @throws RangeError for none */
  process(name: string): LaunchedProcess {
    const found = this.#processes.get(name);
    if (found === undefined) throw new RangeError(`no process ${name}`);
    return found;
  }

  /** Starts a replica, or starts it again. */
  async startProcess(name: string): Promise<void> {
    const service = services.find((one) => name.startsWith(one));
    if (service === undefined) throw new RangeError(`no service ${name}`);
    const started = await launch({
      name,
      command: process.execPath,
      // As `sluice up` starts them.
      args: ['--expose-gc', join(checkout, 'services', service, 'src/main.ts')],
      env: {
        PATH: process.env.PATH,
        NODE_COMPILE_CACHE: join(checkout, '.cache', 'node'),
        SLUICE_NATS_URL: this.#nats.url,
        SLUICE_NATS_MONITOR_URL: this.#nats.monitorUrl,
        SLUICE_HTTP_LISTEN: `unix:${join(this.dataDir, 'run', `${name}.http.sock`)}`,
        SLUICE_REPLICA: name,
        ...this.#environment(service, name),
        ...this.#options.env?.[service],
      },
    });
    this.#processes.set(name, this.#stack.use(started));
  }

  #environment(service: PlatformService, name: string): Record<string, string> {
    const key = { SLUICE_SECRET_KEY_FILE: join(this.dataDir, 'secret.key') };
    switch (service) {
      case 'api-watcher':
        return {
          SLUICE_SOURCE: 'kubernetes',
          SLUICE_KUBECONFIG: this.#options.cluster.kubeconfig,
          SLUICE_BIND_ADDRESSES: this.#bindAddress,
          ...key,
        };
      case 'translator':
        return {
          SLUICE_CONTROLLER_NAMES: gatewayClass.spec.controllerName,
          SLUICE_REPORT_ORPHANS: 'false',
        };
      case 'xds-server':
        return {
          SLUICE_XDS_LISTEN: `unix:${this.#xdsSocket(name)}`,
          SLUICE_STATE_FILE: join(this.dataDir, `${name}.db`),
          ...key,
        };
      default:
        return service satisfies never;
    }
  }

  #xdsSocket(name: string): string {
    return join(this.dataDir, 'run', `${name}.xds.sock`);
  }

  /** SIGKILL, and waits until it is gone. */
  async kill9(name: string): Promise<void> {
    const victim = this.process(name);
    victim.kill('SIGKILL');
    await victim.exited;
  }

  /** `/metrics` of a process. */
  figures(name: string): Promise<Figures> {
    return metricsOf(this.dataDir, name);
  }

  /** Gives the Service of a Gateway an address, and tells where Envoy serves the Gateway's port. Waited for. */
  async target(name: string, { namespace = 'default', port = 80 } = {}): Promise<RequestTarget> {
    const { api } = this.#options;
    const metadata = { name: `${name}-${gatewayClass.metadata.name}`, namespace };
    const service = { apiVersion: 'v1', kind: 'Service', metadata };
    const bindPort = await until(
      async () => {
        const { spec } = (await api.find(service)) ?? {};
        const { ports = [] } = (spec ?? {}) as { ports?: { port: number; targetPort: number }[] };
        return ports.find((one) => one.port === port)?.targetPort;
      },
      { timeoutMs: answerMs, intervalMs: 20, message: `the Service of Gateway ${namespace}/${name}` },
    );
    await api.patchStatus(service, { loadBalancer: { ingress: [{ ip: balancerAddress }] } });
    return { address: this.#bindAddress, port: bindPort };
  }

  /** Ends of all logs, for a failed test. */
  diagnose(): string {
    const all = [...this.#processes.values(), ...(this.#envoy === undefined ? [] : [this.#envoy.process])];
    return all.map((one) => `--- ${one.name}\n${one.log().slice(-4_000)}`).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Everything in the cluster that the platform needs before any Gateway of a test. */
export async function prepareCluster(api: ClusterApi): Promise<void> {
  await api.applyAll([systemNamespace, gatewayClass]);
}

/** A Gateway named `edge` that takes routes of every namespace. */
export function openGateway(name = 'edge'): object {
  return gateway(name, [
    { name: 'http', protocol: 'HTTP', port: 80, allowedRoutes: { namespaces: { from: 'All' } } },
  ]);
}
