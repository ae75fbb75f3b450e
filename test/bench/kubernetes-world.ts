// A real API server that holds N routes, and the platform that reads it, as processes beside the client as in standalone mode.
import { gatewayGroup } from '@sluice/kinds';
import { serviceObjects } from '@sluice/testkit';
import { type Cluster, type Manifest, startCluster } from '@sluice/testkit/cluster';
import { ClusterApi } from '../harness/kubernetes/cluster-api.ts';
import { KubernetesPlatform, openGateway, prepareCluster } from '../harness/kubernetes/platform.ts';
import { type HostLayout, routeOfMany } from '../harness/many-routes.ts';
import { httpRoute, rule } from '../harness/objects.ts';
import type { ChangingWorld } from './change-steps.ts';
import { type NamedBackend, startNamedBackend } from './named-backend.ts';
import { movingPlace, type ServiceName, serviceNames } from './world.ts';

/** What is laid out. */
export interface KubernetesSetup {
  readonly hosts: HostLayout;
  readonly routes: number;
}

/** Objects are applied (server-side), so many at once. */
const atOnce = 8;

/** A cluster with all objects; no service runs yet. */
export class KubernetesWorld implements ChangingWorld, AsyncDisposable {
  readonly setup: KubernetesSetup;
  readonly cluster: Cluster;
  readonly api: ClusterApi;
  /** Resolves when the API server has answered. */
  readonly sink: ChangingWorld['sink'];
  readonly #backends: Readonly<Record<ServiceName, NamedBackend>>;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    setup: KubernetesSetup,
    of: {
      cluster: Cluster;
      api: ClusterApi;
      backends: Record<ServiceName, NamedBackend>;
      stack: AsyncDisposableStack;
    },
  ) {
    this.setup = setup;
    this.cluster = of.cluster;
    this.api = of.api;
    this.#backends = of.backends;
    this.#stack = of.stack;
    this.sink = {
      write: (objects) => of.api.applyAll(objects, atOnce),
      stage: async (objects) => () => of.api.applyAll(objects, atOnce),
      remove: async (objects) => void (await Promise.all(objects.map((object) => of.api.remove(object)))),
    };
  }

  /** Starts the API server and writes all objects. @throws Error where it cannot run here */
  static async prepare(setup: KubernetesSetup): Promise<KubernetesWorld> {
    await using stack = new AsyncDisposableStack();
    const cluster = stack.use(await startCluster());
    const api = stack.use(new ClusterApi(cluster));
    // The API server takes no endpoint on a loopback address.
    const address = cluster.hostAddress;
    const backends = {
      echo: stack.use(await startNamedBackend({ name: 'echo', address })),
      other: stack.use(await startNamedBackend({ name: 'other', address })),
    };
    const world = new KubernetesWorld(setup, { cluster, api, backends, stack: stack.move() });
    await world.#writeAll();
    return world;
  }

  /** Starts the services and Envoy on an empty log. */
  async start(): Promise<KubernetesPlatform> {
    const { cluster, api } = this;
    return this.#stack.use(await KubernetesPlatform.start({ cluster, api }));
  }

  route(index: number, version: string, service: ServiceName = 'echo'): object {
    return routeOfMany(this.setup.hosts, index, { version, service });
  }

  moving(to: ServiceName): object[] {
    const [service, slice] = serviceObjects({ name: 'moving', endpoints: [this.#backends[to]] });
    const labels = { 'kubernetes.io/service-name': 'moving' };
    return [service ?? {}, { ...slice, metadata: { name: 'moving', namespace: 'default', labels } }];
  }

  async #writeAll(): Promise<void> {
    await prepareCluster(this.api);
    const services = serviceNames.flatMap((name) =>
      serviceObjects({ name, endpoints: [this.#backends[name]] }),
    );
    const moving = httpRoute('moving', {
      parent: 'edge',
      hostnames: [movingPlace.host],
      rules: [rule('moving')],
    });
    await this.sink.write([...services, ...this.moving('echo'), openGateway(), moving]);
    const routes = Array.from({ length: this.setup.routes }, (_, i) => this.route(i, '0') as Manifest);
    await this.cluster.store({ group: gatewayGroup, plural: 'httproutes' }, routes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
