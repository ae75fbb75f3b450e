// Services that ask for a balancing of each request, into the IR: a gateway that stands for the Service, a listener for each
// port, and a cluster of its own with the algorithm. An endpoint touches none of them, another algorithm clusters alone.
import type { Collection, Graph } from '@sluice/incremental';
import {
  type IrAttachment,
  type IrCluster,
  type IrGateway,
  type IrHttpRoute,
  type IrId,
  type IrL4Route,
  type IrListener,
  irId,
  l4RouteKey,
  serviceRouteKey,
} from '@sluice/ir';
import { connectTimeoutMs } from './cluster.ts';
import { l7ClusterKey, objectKey, servicePortKey } from './keys.ts';
import type { L7Port, L7Service } from './l7-service.ts';
import { boundPorts, frontendGateway, frontendListener, serverName } from './service-frontend.ts';
import { httpProtocolOf } from './service-port.ts';

/** Listeners of Services and their routes have one key: this, then namespace, name and port. */
const servicePrefix = 'service:';

/** What such Services come to. */
export interface L7Part {
  readonly gateways: Collection<IrGateway>;
  readonly listeners: Collection<IrListener>;
  readonly routes: Collection<IrHttpRoute>;
  readonly l4Routes: Collection<IrL4Route>;
  readonly clusters: Collection<IrCluster>;
  /** Service ports that are sent to, by `servicePortKey`. */
  readonly uses: Collection<number>;
}

/** Translates them. */
export function l7Part(graph: Graph, services: Collection<L7Service>): L7Part {
  const each = <T extends { readonly key: string }>(
    name: string,
    mode: L7Port['mode'] | 'any',
    make: (service: L7Service, port: L7Port) => T,
  ): Collection<T> =>
    graph.flatMap(services, name, (service) =>
      servedPorts(service)
        .filter((port) => mode === 'any' || port.mode === mode)
        .map((port) => {
          const made = make(service, port);
          return [made.key, made] as const;
        }),
    );
  return {
    gateways: graph.flatMap(services, 'gateways of services', (service) => {
      const listeners = servedPorts(service).map(({ listener }) => listener);
      const { frontend } = service;
      return listeners.length === 0 ? [] : [[frontend.key, frontendGateway(frontend, listeners)] as const];
    }),
    listeners: each('listeners of services', 'any', ({ frontend }, port) =>
      frontendListener(frontend, port, port.mode === 'http' ? 'HTTP' : 'TCP'),
    ),
    routes: each('routes of services', 'http', routeOf),
    l4Routes: each('l4 routes of services', 'tcp', l4RouteOf),
    clusters: each('clusters of services', 'http', clusterOf),
    uses: graph.countBy(services, 'endpoints used by services', (service) =>
      servedPorts(service).map((port) => backendOf(service, port)),
    ),
  };
}

/** What of the IR belongs to a listener of such a Service alone, and is acknowledged with it. */
export function partsOfListener(listener: string): IrId[] {
  return [
    irId('http-route', listener),
    irId('l4-route', l4RouteKey('TCP', listener)),
    irId('cluster', l7ClusterKey(listener.slice(servicePrefix.length))),
  ];
}

/** Whether it is such a part. */
export function isPartOfService(id: IrId): boolean {
  return (
    id.startsWith(`http-route:${servicePrefix}`) ||
    id.startsWith(`l4-route:tcp:${servicePrefix}`) ||
    (id.startsWith('cluster:') && id.endsWith(l7ClusterKey('')))
  );
}

/** The ports that are served. */
export function servedPorts({ enabled, refusal, frontend, ports }: L7Service): L7Port[] {
  if (!enabled || refusal !== '') return [];
  const bound = new Set(boundPorts(frontend).map(({ listener }) => listener));
  return ports.filter(({ listener }) => bound.has(listener));
}

function backendOf({ frontend: { ref } }: L7Service, { port }: L7Port): string {
  return servicePortKey(objectKey(ref.namespace, ref.name), port);
}

function attachmentOf(port: L7Port): IrAttachment {
  return { listener: port.listener, server: serverName(port), hostnames: ['*'] };
}

/** Every request to the Service itself: no limit on its time, which a Service does not have either. */
function routeOf(service: L7Service, port: L7Port): IrHttpRoute {
  const { ref, generation, createdAt } = service.frontend;
  return {
    kind: 'http-route',
    key: serviceRouteKey(objectKey(ref.namespace, ref.name), port.port),
    source: ref,
    generation,
    createdAt,
    attachments: [attachmentOf(port)],
    rules: [
      {
        index: 0,
        matches: [{ path: { type: 'prefix', value: '/' }, headers: [], query: [] }],
        action: {
          type: 'forward',
          backends: [{ cluster: l7ClusterKey(backendOf(service, port)), weight: 1 }],
          requestTimeoutMs: 0,
        },
      },
    ],
  };
}

function l4RouteOf(service: L7Service, port: L7Port): IrL4Route {
  const { ref, generation, createdAt } = service.frontend;
  return {
    kind: 'l4-route',
    key: l4RouteKey('TCP', serviceRouteKey(objectKey(ref.namespace, ref.name), port.port)),
    protocol: 'TCP',
    source: ref,
    generation,
    createdAt,
    attachments: [attachmentOf(port)],
    backends: [{ service: backendOf(service, port), weight: 1 }],
  };
}

function clusterOf(service: L7Service, port: L7Port): IrCluster {
  const servicePort = backendOf(service, port);
  return {
    kind: 'cluster',
    key: l7ClusterKey(servicePort),
    source: service.frontend.ref,
    port: port.port,
    protocol: httpProtocolOf(port.appProtocol) === 'h2c' ? 'h2c' : 'downstream',
    loadBalancing: service.algorithm,
    connectTimeoutMs,
    endpoints: servicePort,
  };
}
