// Kinds → paths of the API. Kubernetes API concepts, "Resource URIs".
import type { Kind } from '@sluice/kinds';

/** Where the objects of one version of a kind are. */
export interface ApiResource {
  /** As `/apis/gateway.networking.k8s.io/v1`, or `/api/v1` for the core group. */
  readonly base: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** The resources of a kind, one for each version that is understood, the preferred one first. */
export function resourcesOf({ group, versions, plural, namespaced }: Kind): ApiResource[] {
  return versions.map((version) => ({
    base: group === '' ? `/api/${version}` : `/apis/${group}/${version}`,
    plural,
    namespaced,
  }));
}

/** Path of all objects of a resource, or of those in one namespace. */
export function collectionPath({ base, plural }: ApiResource, namespace = ''): string {
  return namespace === ''
    ? `${base}/${plural}`
    : `${base}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}

/** Path of one object, or of one of its subresources. */
export function objectPath(
  resource: ApiResource,
  of: { readonly namespace: string; readonly name: string },
  subresource?: 'status',
): string {
  const path = `${collectionPath(resource, of.namespace)}/${encodeURIComponent(of.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}
