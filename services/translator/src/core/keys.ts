// Keys of the translator's collections and of the IR. Names of Kubernetes objects hold no `/` and no `|`, so joined
// names cannot be mistaken for one another. Keys that are held are joined, not added up: a sum of texts would keep its parts
// in memory beside it.
import type { ObjectRef } from '@sluice/ir';

/** `<namespace>/<name>`: every namespaced object, and the gateway, http-route and certificate of the IR. */
export function objectKey(namespace: string, name: string): string {
  return [namespace, name].join('/');
}

/** What a port is bound for: one of TCP and one of UDP are two. No listener is bound for SCTP. */
export type Transport = 'tcp' | 'udp' | 'sctp';

/** `<namespace>/<gateway>/<port>`, and `/udp` behind it: a listener of the IR. */
export function listenerKey(gateway: string, port: number, transport: Transport = 'tcp'): string {
  return `${gateway}/${port}${suffixOf(transport)}`;
}

/** The cluster of a Service port for gRPC, which is spoken over HTTP/2 whatever the port's `appProtocol` is. */
export function grpcClusterKey(servicePort: string): string {
  return `${servicePort}#h2c`;
}

/** The cluster of a Service port for requests to the Service itself, with the algorithm that it asks for. */
export function l7ClusterKey(servicePort: string): string {
  return `${servicePort}#l7`;
}

/** The Service port of a cluster's key. */
export function servicePortOf(cluster: string): string {
  const [servicePort = ''] = cluster.split('#');
  return servicePort;
}

/** `<namespace>/<service>/<port>`, and `/udp` or `/sctp` behind it: a cluster of the IR, and what endpoint groups call `service`. */
export function servicePortKey(service: string, port: number, transport: Transport = 'tcp'): string {
  return `${service}/${port}${suffixOf(transport)}`;
}

function suffixOf(transport: Transport): string {
  return transport === 'tcp' ? '' : `/${transport}`;
}

/** One listener of a Gateway by its `id`, also where a ListenerSet holds it. */
export function sectionKey(gateway: string, listener: string): string {
  return `${gateway}|${listener}`;
}

/** Any object. Sorts like `compareObjectRefs` within a kind. */
export function refKey(ref: ObjectRef): string {
  return [ref.group, ref.kind, ref.namespace, ref.name].join('|');
}
