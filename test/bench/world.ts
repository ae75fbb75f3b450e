// The platform under test with its backends and N routes, started by `sluice up` on a fresh data directory.
import { freePort, type RequestTarget, serviceObjects } from '@sluice/testkit';
import { type HostLayout, routeOfMany } from '../harness/many-routes.ts';
import { gateway, httpListener, httpRoute, rule } from '../harness/objects.ts';
import { type Sluice, startSluice } from '../harness/sluice.ts';
import { type NamedBackend, startNamedBackend } from './named-backend.ts';
import { ManifestDirectory, type ObjectSink } from './object-sink.ts';

/** The Services that routes may go to: each answers with its name in the header `x-backend`. */
export const serviceNames = ['echo', 'other'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** The route to Service `moving`, whose endpoints change. */
export const movingPlace = { host: 'moving.test', path: '/' };

/** How long a start may take. */
export const startPatienceMs = 300_000;

/** What is laid out. */
export interface WorldSetup {
  readonly hosts: HostLayout;
  readonly routes: number;
  /** Added to the environment of `sluice up`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further objects. */
  readonly objects?: readonly object[];
  /** Default: a directory of manifests. */
  readonly sink?: ObjectSink;
}

/** Two backends, a sink with all objects, and an address for the Gateway; nothing runs yet. */
export class BenchWorld implements AsyncDisposable {
  readonly setup: WorldSetup;
  readonly sink: ObjectSink;
  /** Where the Gateway will be served. */
  readonly target: RequestTarget;
  readonly #backends: Readonly<Record<ServiceName, NamedBackend>>;
  readonly #stack: AsyncDisposableStack;
  #sluice: Sluice | undefined;
  #starting: Promise<void> = Promise.resolve();

  private constructor(of: {
    setup: WorldSetup;
    port: number;
    sink: ObjectSink;
    backends: Record<ServiceName, NamedBackend>;
    stack: AsyncDisposableStack;
  }) {
    this.setup = of.setup;
    this.sink = of.sink;
    this.#backends = of.backends;
    this.#stack = of.stack;
    const part = (): number => 1 + Math.floor(Math.random() * 250);
    this.target = { address: `127.${121 + (part() % 100)}.${part()}.${part()}`, port: of.port };
  }

  /** Starts the backends and writes all objects. */
  static async prepare(setup: WorldSetup): Promise<BenchWorld> {
    await using stack = new AsyncDisposableStack();
    const sink = stack.use(setup.sink ?? new ManifestDirectory());
    const backends = {
      echo: stack.use(await startNamedBackend({ name: 'echo' })),
      other: stack.use(await startNamedBackend({ name: 'other' })),
    };
    const port = await freePort();
    const world = new BenchWorld({ setup, port, sink, backends, stack: stack.move() });
    await world.#writeAll();
    return world;
  }

  /** The running platform. @throws Error before `start` */
  get sluice(): Sluice {
    if (this.#sluice === undefined) throw new Error('the platform has not been started');
    return this.#sluice;
  }

  /** Runs `sluice up`, or runs it again; resolves at its line `ready`. */
  start(): Promise<void> {
    this.#starting = this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    if (this.#sluice !== undefined) return this.#sluice.restart();
    const { env = {} } = this.setup;
    const args = this.sink.upArguments;
    this.#sluice = this.#stack.use(await startSluice({ manifests: {}, env, args, startMs: startPatienceMs }));
  }

  /** Route `index` in a version; its answers name the version in `x-version` and the Service in `x-backend`. */
  route(index: number, version: string, service: ServiceName = 'echo'): object {
    return routeOfMany(this.setup.hosts, index, { version, service });
  }

  /** Service `moving` and its slice, which leads to the backend of another Service. */
  moving(to: ServiceName): object[] {
    const [service, slice] = serviceObjects({ name: 'moving', endpoints: [this.#backends[to]] });
    const metadata = {
      name: 'moving',
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': 'moving' },
    };
    return [service ?? {}, { ...slice, metadata }];
  }

  async #writeAll(): Promise<void> {
    const { routes, objects = [] } = this.setup;
    for (const name of serviceNames)
      await this.sink.write(serviceObjects({ name, endpoints: [this.#backends[name]] }));
    await this.sink.write(this.moving('echo'));
    const { address, port } = this.target;
    const own = { addresses: [{ type: 'IPAddress', value: address }] };
    await this.sink.write([
      gateway('edge', [httpListener({ port })], { spec: own }),
      httpRoute('moving', { parent: 'edge', hostnames: [movingPlace.host], rules: [rule('moving')] }),
      ...objects,
    ]);
    await this.sink.write(Array.from({ length: routes }, (_, i) => this.route(i, '0')));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What is being started would stay behind.
    await this.#starting.catch(() => {});
    await this.#stack.disposeAsync();
  }
}
