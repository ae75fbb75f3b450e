// An xds-server on an in-memory log with a real Envoy beside it, for tests.
import { createMemoryLog, type MemoryLog } from '@sluice/event-log';
import { type AckEvent, decodeEvent, type Fact, type Revision, streams } from '@sluice/events';
import type { IrResource } from '@sluice/ir';
import type { SealingKey } from '@sluice/sealed-secret';
import { createLogger, Health, PropagatingTracerProvider, Registry } from '@sluice/service-kit';
import { type RunningEnvoy, startEnvoy, type TempDir, tempDir, until } from '@sluice/testkit';
import type { AdsEndpoint } from '../adapters/ads-endpoint.ts';
import { XdsService } from '../adapters/xds-service.ts';
import { envoyBootstrap } from '../core/bootstrap.ts';
import { defaultRouteLayout, type RouteLayoutName, routeLayoutNames } from '../core/route-layouts.ts';
import type { XdsKind } from '../core/type-urls.ts';
import { IrWriter } from './ir-writer.ts';

type EnvoyState = Extract<AckEvent, { type: 'EnvoyStateChanged' }>;

/** All tests of a rig run with another layout where SLUICE_TEST_LAYOUT names it. */
const testedLayout =
  routeLayoutNames.find((name) => name === process.env.SLUICE_TEST_LAYOUT) ?? defaultRouteLayout;

export interface RigOptions {
  readonly sealingKey?: SealingKey;
  readonly drainMs?: number;
  /** Default: SLUICE_TEST_LAYOUT, or what the service takes. */
  readonly layout?: RouteLayoutName;
  readonly log?: MemoryLog;
  /** Where to listen, on this port where it matters (0: any). Default: a Unix socket. */
  readonly endpoint?: (port: number) => AdsEndpoint;
  /** Default `silent`. */
  readonly logLevel?: string;
}

export class Rig implements AsyncDisposable {
  readonly log: MemoryLog;
  readonly layout: RouteLayoutName;
  readonly dir: TempDir = tempDir();
  readonly failures: unknown[] = [];
  registry = new Registry();
  readonly #options: RigOptions;
  #ir: IrWriter | undefined;
  #service: XdsService | undefined;
  readonly #envoys: RunningEnvoy[] = [];

  constructor(options: RigOptions = {}) {
    this.layout = options.layout ?? testedLayout;
    this.#options = options;
    this.log = options.log ?? createMemoryLog();
  }

  /** Starts a server with what an earlier one of this rig left in its state file. */
  async startServer(port = 0): Promise<XdsService> {
    this.registry = new Registry();
    const logger = createLogger({
      service: 'xds-server',
      version: 'test',
      replica: 'xds-server-0',
      level: this.#options.logLevel ?? 'silent',
    });
    const service = new XdsService({
      log: this.log,
      replica: 'xds-server-0',
      endpoint: this.#options.endpoint?.(port) ?? { kind: 'unix', path: this.dir.file('xds.sock') },
      stateFile: this.dir.file('xds.sqlite'),
      sealingKey: this.#options.sealingKey,
      settings: { trustedHops: 0 },
      layout: this.layout,
      drainMs: this.#options.drainMs ?? 100,
      silentMs: 30_000,
      logger,
      registry: this.registry,
      tracer: new PropagatingTracerProvider().getTracer(),
      health: new Health(),
      fail: (error) => this.failures.push(error),
    });
    await service.start();
    this.#service = service;
    // The translator and the api-watcher do so, whose streams they are.
    for (const stream of [streams.IR, streams.SECRETS])
      this.log.ensureStream(stream).catch((error: unknown) => this.failures.push(error));
    return service;
  }

  async stopServer(): Promise<void> {
    await this.#service?.stop();
    this.#service = undefined;
  }

  /** Starts an Envoy; with no Envoy-side state it is ready once it has its first listeners. `within`: see `EnvoyOptions`. */
  async startEnvoy(
    nodeId = 'envoy-0',
    waitFor: 'serving' | 'started' = 'started',
    within: readonly string[] = [],
  ): Promise<RunningEnvoy> {
    const envoy = await startEnvoy({
      bootstrap: envoyBootstrap({ nodeId, nodeCluster: 'test', xdsSocket: this.dir.file('xds.sock') }),
      waitFor,
      within,
      // The access log is written at once.
      args: ['--file-flush-interval-msec', '20'],
    });
    this.#envoys.push(envoy);
    return envoy;
  }

  /** What all Envoys have written so far: their access logs among it. */
  envoyLog(): string {
    return this.#envoys.map((envoy) => envoy.process.log()).join('\n');
  }

  /** Writes a revision. */
  async commit(put: readonly IrResource[], removed: readonly IrResource[] = []): Promise<Revision> {
    this.#ir ??= await IrWriter.open(this.log);
    return this.#ir.commit(put, removed);
  }

  /** Writes a revision and waits until the Envoy has acknowledged all of it. */
  async apply(put: readonly IrResource[], removed: readonly IrResource[] = []): Promise<Revision> {
    const revision = await this.commit(put, removed);
    await this.acked(revision);
    return revision;
  }

  /** Resolves when the node has acknowledged `revision` or a later one. */
  async acked(revision: Revision, node = 'envoy-0'): Promise<void> {
    await until(async () => ((await this.state(node))?.acked?.seq ?? 0) >= revision.seq, {
      message: `Envoy ${node} to acknowledge revision ${revision.seq}`,
    });
  }

  /** The newest word on an Envoy. */
  async state(node = 'envoy-0'): Promise<EnvoyState | undefined> {
    const { events } = await this.log.stateAt('ACKS');
    for (const { data } of events.values()) {
      const decoded = decodeEvent('ACKS', data);
      if (decoded.ok && decoded.event.type === 'EnvoyStateChanged' && decoded.event.node === node)
        return decoded.event;
    }
    return undefined;
  }

  /** The rejections in force. */
  async rejections(): Promise<Extract<Fact, { type: 'ResourceRejected' }>[]> {
    const { events } = await this.log.stateAt('FACTS');
    return [...events.values()].flatMap(({ data }) => {
      const decoded = decodeEvent('FACTS', data);
      return decoded.ok && decoded.event.type === 'ResourceRejected' ? [decoded.event] : [];
    });
  }

  /** Resources and removals sent since the server started, by kind; kinds without any are left out. */
  async sent(): Promise<Partial<Record<XdsKind, number>>> {
    const counts: Partial<Record<XdsKind, number>> = {};
    for (const name of ['sluice_xds_resources_sent_total', 'sluice_xds_resources_removed_total']) {
      const metric = await this.registry.getSingleMetric(name)?.get();
      for (const { labels, value } of metric?.values ?? []) {
        const kind = labels.kind as XdsKind;
        if (value > 0) counts[kind] = (counts[kind] ?? 0) + value;
      }
    }
    return counts;
  }

  /** Bytes of all responses sent since the server started. */
  async sentBytes(): Promise<number> {
    const metric = await this.registry.getSingleMetric('sluice_xds_sent_bytes_total')?.get();
    return (metric?.values ?? []).reduce((sum, { value }) => sum + value, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const envoy of this.#envoys) await envoy[Symbol.asyncDispose]();
    await this.stopServer();
    await this.log.close();
    this.dir[Symbol.dispose]();
  }
}
