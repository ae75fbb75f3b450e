// Keys of the translator's collections and of the IR. Names of Kubernetes objects hold no `/` and no `|`, so joined
// names cannot be mistaken for one another.
import type { ObjectRef } from '@sluice/ir';

/** `<namespace>/<name>`: every namespaced object, and the gateway, http-route and certificate of the IR. */
export function objectKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** `<namespace>/<gateway>/<port>`: a listener of the IR. */
export function listenerKey(gateway: string, port: number): string {
  return `${gateway}/${port}`;
}

/** `<namespace>/<service>/<port>`: a cluster of the IR, and what endpoint groups call `service`. */
export function servicePortKey(service: string, port: number): string {
  return `${service}/${port}`;
}

/** One listener of a Gateway as the user named it. */
export function sectionKey(gateway: string, listener: string): string {
  return `${gateway}|${listener}`;
}

/** Any object. Sorts like `compareObjectRefs` within a kind. */
export function refKey(ref: ObjectRef): string {
  return `${ref.group}|${ref.kind}|${ref.namespace}|${ref.name}`;
}
