// Backends of an Ingress. What comes in: a backend, Services; what goes out: the Service port to send to, or why there is
// none: its requests are answered 500 then, as those of an HTTPRoute are. IngressBackend of networking.k8s.io/v1.
import type { Collection, Fetch } from '@sluice/incremental';
import type { IngressBackend } from '@sluice/kinds';
import { type BackendNeeds, resolveBackend } from '../backend.ts';
import { objectKey, servicePortKey } from '../keys.ts';
import type { RouteRefFault } from '../route-fault.ts';
import type { ServiceInfo } from '../service-port.ts';

/** A reference that cannot be followed. Backends are of the Ingress's own namespace, so each is permitted. */
export interface IngressRefFault {
  readonly reason: Exclude<RouteRefFault['reason'], 'RefNotPermitted'>;
  readonly message: string;
}

/** Key of a Service port, or the fault. */
export type IngressTarget = { readonly servicePort: string } | { readonly fault: IngressRefFault };

interface At {
  readonly backend: IngressBackend;
  readonly namespace: string;
}

/** Resolves a backend for requests. */
export function resolveIngressBackend(at: At, needs: BackendNeeds, fetch: Fetch): IngressTarget {
  const found = resolvePort(at, needs.services, fetch);
  if ('fault' in found) return found;
  const { namespace } = at;
  const ref = { group: '', kind: 'Service', name: found.name, port: found.port };
  const resolved = resolveBackend({ ref, kind: 'HTTPRoute', namespace }, needs, fetch);
  if (!('fault' in resolved)) return { servicePort: resolved.cluster };
  const { reason, message } = resolved.fault;
  return { fault: { reason: reason === 'RefNotPermitted' ? 'BackendNotFound' : reason, message } };
}

/** Resolves a backend for connections that are passed through: what is spoken there plays no part. */
export function resolvePassthrough(at: At, services: Collection<ServiceInfo>, fetch: Fetch): IngressTarget {
  const found = resolvePort(at, services, fetch);
  if ('fault' in found) return found;
  const key = objectKey(at.namespace, found.name);
  const service = fetch(services, key);
  const known = service?.ports.some((p) => p.transport === 'tcp' && p.port === found.port) === true;
  if (known && service?.external === false) return { servicePort: servicePortKey(key, found.port) };
  const what = service === undefined ? 'does not exist' : `has no TCP port ${found.port}`;
  return { fault: { reason: 'BackendNotFound', message: `Service ${key} ${what}` } };
}

/** The Service and the number of its port; a name is looked up. */
function resolvePort(
  { backend, namespace }: At,
  services: Collection<ServiceInfo>,
  fetch: Fetch,
): { readonly name: string; readonly port: number } | { readonly fault: IngressRefFault } {
  const { service, resource } = backend;
  if (service === undefined) {
    const { kind, apiGroup } = resource ?? { kind: 'none', apiGroup: '' };
    const named = apiGroup === '' ? kind : `${kind}.${apiGroup}`;
    return {
      fault: { reason: 'InvalidKind', message: `backends of kind ${named} are not supported, only Service` },
    };
  }
  const { name, port } = service;
  if (port.number !== undefined) return { name, port: port.number };
  const key = objectKey(namespace, name);
  const info = fetch(services, key);
  const notFound = (message: string) => ({ fault: { reason: 'BackendNotFound', message } }) as const;
  if (info === undefined) return notFound(`Service ${key} does not exist`);
  const found = info.ports.find((p) => p.transport === 'tcp' && p.name === port.name);
  if (found !== undefined) return { name, port: found.port };
  const names = info.ports.flatMap((p) => (p.transport === 'tcp' && p.name !== '' ? [p.name] : []));
  return notFound(
    `Service ${key} has no TCP port named ${port.name ?? ''}${names.length === 0 ? '' : `; it has ${names.join(', ')}`}`,
  );
}
