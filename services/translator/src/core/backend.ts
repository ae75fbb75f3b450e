// Backends of a rule. What comes in: a backendRef, Services and grants; what goes out: the cluster to send to, or why
// there is none: then its share of requests is answered 500 or 503. Gateway API v1.6.3 HTTPBackendRef, GRPCBackendRef.
import type { Collection, Fetch } from '@sluice/incremental';
import type { BackendObjectRef } from '@sluice/kinds';
import { findService } from './backend-service.ts';
import type { HttpKind } from './http-route-kind.ts';
import { grpcClusterKey, servicePortKey } from './keys.ts';
import type { RouteRefFault } from './route-fault.ts';
import { type ServiceInfo, type ServicePortInfo, servedAppProtocols } from './service-port.ts';

/** What resolving reads. */
export interface BackendNeeds {
  readonly services: Collection<ServiceInfo>;
  readonly ports: Collection<ServicePortInfo>;
  readonly permissions: Collection<true>;
  /** Service ports that some BackendTLSPolicy is for. */
  readonly policed: Collection<true>;
}

/** Key of a cluster, or the fault. */
export type ResolvedBackend = { readonly cluster: string } | { readonly fault: RouteRefFault };

/** The route that holds a reference. */
export interface RouteOf {
  readonly kind: HttpKind;
  readonly namespace: string;
}

/** Resolves one reference of a route. */
export function resolveBackend(
  of: RouteOf & { ref: BackendObjectRef },
  needs: BackendNeeds,
  fetch: Fetch,
): ResolvedBackend {
  const found = findService(of, needs.permissions, fetch);
  if ('fault' in found) return found;
  const resolved = resolveService({ key: found.key, port: of.ref.port }, needs, fetch);
  if ('fault' in resolved || of.kind === 'HTTPRoute') return resolved;
  return { cluster: grpcClusterKey(resolved.cluster) };
}

function resolveService(
  { key, port }: { key: string; port: number | undefined },
  needs: BackendNeeds,
  fetch: Fetch,
): ResolvedBackend {
  if (port === undefined) return fault('BackendNotFound', `the reference to Service ${key} names no port`);
  const cluster = servicePortKey(key, port);
  const found = fetch(needs.ports, cluster);
  if (found?.secure === true && fetch(needs.policed, cluster) === undefined)
    return fault(
      'UnsupportedProtocol',
      `port ${port} of Service ${key} speaks ${found.appProtocol}, and no BackendTLSPolicy says whom to trust`,
    );
  if (found?.protocol !== undefined) return { cluster };
  if (found !== undefined)
    return fault(
      'UnsupportedProtocol',
      `port ${port} of Service ${key} speaks ${found.appProtocol}; supported are ${servedAppProtocols.join(', ')}`,
    );
  const service = fetch(needs.services, key);
  if (service === undefined) return fault('BackendNotFound', `Service ${key} does not exist`);
  if (service.external)
    return fault('BackendNotFound', `Service ${key} is of type ExternalName, which has no endpoints here`);
  const ports = service.ports
    .filter((p) => p.transport === 'tcp')
    .map((p) => p.port)
    .join(', ');
  return fault(
    'BackendNotFound',
    `Service ${key} has no TCP port ${port}${ports === '' ? '' : `; it has ${ports}`}`,
  );
}

function fault(reason: RouteRefFault['reason'], message: string): ResolvedBackend {
  return { fault: { reason, message } };
}
