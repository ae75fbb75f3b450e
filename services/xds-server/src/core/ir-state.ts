// The IR as the compiler needs it: by kind, with the joins that tell what a change touches.
import type { Revision } from '@sluice/events';
import type {
  IrCertificate,
  IrCluster,
  IrEndpointGroup,
  IrGateway,
  IrKind,
  IrListener,
  IrRawResource,
  IrResource,
} from '@sluice/ir';
import type { RevisedL4Route } from './l4-route.ts';
import { Multimap } from './multimap.ts';
import type { RevisedRoute } from './route.ts';

/** A resource put or (without `resource`) removed by a revision. */
export interface IrChange {
  readonly kind: IrKind;
  readonly key: string;
  readonly resource?: IrResource;
  readonly revision: Revision;
}

/** Both sides of a change. */
export interface Replaced<T> {
  readonly before: T | undefined;
  readonly after: T | undefined;
}

/** Puts or, for undefined, deletes. */
function replace<T>(map: Map<string, T>, key: string, after: T | undefined): Replaced<T> {
  const before = map.get(key);
  if (after === undefined) map.delete(key);
  else map.set(key, after);
  return { before, after };
}

/** All resources of the IR, indexed. */
export class IrState {
  readonly gateways = new Map<string, IrGateway>();
  readonly listeners = new Map<string, IrListener>();
  readonly routes = new Map<string, RevisedRoute>();
  readonly l4Routes = new Map<string, RevisedL4Route>();
  readonly clusters = new Map<string, IrCluster>();
  readonly groups = new Map<string, IrEndpointGroup>();
  readonly certificates = new Map<string, IrCertificate>();
  /** By `rawResourceKey`. */
  readonly raws = new Map<string, IrRawResource>();
  /** Service port → raw clusters that take its endpoints. */
  readonly rawsByService = new Multimap<IrRawResource>();
  /** Listener → routes attached to it. */
  readonly routesByListener = new Multimap<RevisedRoute>();
  /** Listener → l4-routes attached to it. */
  readonly l4RoutesByListener = new Multimap<RevisedL4Route>();
  /** Service port → l4-routes that send to it. */
  readonly l4RoutesByService = new Multimap<RevisedL4Route>();
  /** Service port → its endpoint groups. */
  readonly groupsByService = new Multimap<IrEndpointGroup>();
  /** Service port → clusters that take its endpoints. */
  readonly clustersByService = new Multimap<IrCluster>();
  /** Gateway → its listeners. */
  readonly listenersByGateway = new Multimap<IrListener>();

  /** The change that puts back what stands now under the key of this one. */
  inverse({ kind, key, revision }: IrChange): IrChange {
    const revised = kind === 'http-route' ? this.routes.get(key) : this.#l4RouteOf(kind, key);
    const resource = revised?.route ?? this.#unrevised(kind)?.get(key);
    return { kind, key, revision: revised?.revision ?? revision, ...(resource && { resource }) };
  }

  #l4RouteOf(kind: IrKind, key: string): RevisedL4Route | undefined {
    return kind === 'l4-route' ? this.l4Routes.get(key) : undefined;
  }

  /** Where resources of a kind are held without the revision that brought them. */
  #unrevised(kind: IrKind): ReadonlyMap<string, IrResource> | undefined {
    switch (kind) {
      case 'gateway':
        return this.gateways;
      case 'listener':
        return this.listeners;
      case 'cluster':
        return this.clusters;
      case 'endpoint-group':
        return this.groups;
      case 'certificate':
        return this.certificates;
      case 'raw-resource':
        return this.raws;
      default:
        return undefined;
    }
  }

  putGateway(key: string, after: IrGateway | undefined): Replaced<IrGateway> {
    return replace(this.gateways, key, after);
  }

  putListener(key: string, after: IrListener | undefined): Replaced<IrListener> {
    const replaced = replace(this.listeners, key, after);
    this.listenersByGateway.replace(key, replaced, (listener) => [listener.gateway]);
    return replaced;
  }

  putRoute(key: string, after: RevisedRoute | undefined): Replaced<RevisedRoute> {
    const replaced = replace(this.routes, key, after);
    this.routesByListener.replace(key, replaced, ({ route }) => route.attachments.map((a) => a.listener));
    return replaced;
  }

  putL4Route(key: string, after: RevisedL4Route | undefined): Replaced<RevisedL4Route> {
    const replaced = replace(this.l4Routes, key, after);
    this.l4RoutesByListener.replace(key, replaced, ({ route }) => route.attachments.map((a) => a.listener));
    this.l4RoutesByService.replace(key, replaced, ({ route }) =>
      route.backends.flatMap(({ service }) => (service === null ? [] : [service])),
    );
    return replaced;
  }

  putCluster(key: string, after: IrCluster | undefined): Replaced<IrCluster> {
    const replaced = replace(this.clusters, key, after);
    this.clustersByService.replace(key, replaced, (cluster) => [cluster.endpoints]);
    return replaced;
  }

  putGroup(key: string, after: IrEndpointGroup | undefined): Replaced<IrEndpointGroup> {
    const replaced = replace(this.groups, key, after);
    this.groupsByService.replace(key, replaced, (group) => [group.service]);
    return replaced;
  }

  putRaw(key: string, after: IrRawResource | undefined): Replaced<IrRawResource> {
    const replaced = replace(this.raws, key, after);
    this.rawsByService.replace(key, replaced, ({ endpoints }) => (endpoints ? [endpoints] : []));
    return replaced;
  }

  putCertificate(key: string, after: IrCertificate | undefined): Replaced<IrCertificate> {
    return replace(this.certificates, key, after);
  }
}
