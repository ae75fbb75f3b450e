// Names of objects. Needs no schema, so that who only names objects loads none.
import type { SourceObject } from './object.ts';

/** Names one object; the same shape as ObjectRef of `@sluice/ir`. */
export interface KindObjectRef {
  /** API group; the empty string is the core group. */
  group: string;
  kind: string;
  /** The empty string for cluster-scoped objects. */
  namespace: string;
  name: string;
}

/** Group of an `apiVersion`; the empty string is the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** The reference to an object. */
export function objectRefOf(object: SourceObject): KindObjectRef {
  const { apiVersion, kind, metadata } = object;
  return { group: groupOf(apiVersion), kind, namespace: metadata.namespace, name: metadata.name };
}
