// Backends of a route below HTTP. What comes in: the rule of a TLSRoute, TCPRoute or UDPRoute, Services and grants; what
// goes out: the Service ports that take its connections, and what is wrong with the others, whose share is refused.
// Gateway API v1.6.3 TCPRouteRule.backendRefs. `appProtocol` plays no part: bytes are passed on as they come.
import type { Collection, Fetch } from '@sluice/incremental';
import type { IrL4Backend } from '@sluice/ir';
import type { L4BackendRef, TcpRoute, TlsRoute, UdpRoute } from '@sluice/kinds';
import { findService } from './backend-service.ts';
import { servicePortKey, type Transport } from './keys.ts';
import type { RouteRefFault } from './route-fault.ts';
import type { ServiceInfo } from './service-port.ts';

/** A route below HTTP. */
export type L4Route = TlsRoute | TcpRoute | UdpRoute;

/** What resolving reads. */
export interface L4Needs {
  readonly services: Collection<ServiceInfo>;
  readonly permissions: Collection<true>;
}

/** What the rules of a route come to. */
export interface L4Backends {
  /** Those of weight 0 are left out. */
  readonly backends: readonly IrL4Backend[];
  readonly refFaults: readonly RouteRefFault[];
}

/** Resolves the backends of a route. */
export function resolveL4Backends(route: L4Route, needs: L4Needs, fetch: Fetch): L4Backends {
  const backends: IrL4Backend[] = [];
  const refFaults: RouteRefFault[] = [];
  route.spec.rules.forEach((rule, r) => {
    rule.backendRefs.forEach((ref, b) => {
      const found = resolve({ ref, route }, needs, fetch);
      const at = `rules[${r}].backendRefs[${b}]`;
      if ('fault' in found)
        refFaults.push({ reason: found.fault.reason, message: `${at}: ${found.fault.message}` });
      if (ref.weight === 0) return;
      backends.push({ service: 'service' in found ? found.service : null, weight: ref.weight });
    });
  });
  return { backends, refFaults };
}

function resolve(
  { ref, route }: { ref: L4BackendRef; route: L4Route },
  needs: L4Needs,
  fetch: Fetch,
): { service: string } | { fault: RouteRefFault } {
  const { kind, metadata } = route;
  const found = findService({ ref, kind, namespace: metadata.namespace }, needs.permissions, fetch);
  if ('fault' in found) return found;
  const notFound = (message: string): { fault: RouteRefFault } => ({
    fault: { reason: 'BackendNotFound', message },
  });
  const { key } = found;
  const { port } = ref;
  if (port === undefined) return notFound(`the reference to Service ${key} names no port`);
  const service = fetch(needs.services, key);
  if (service === undefined) return notFound(`Service ${key} does not exist`);
  if (service.external)
    return notFound(`Service ${key} is of type ExternalName, which has no endpoints here`);
  const transport: Transport = kind === 'UDPRoute' ? 'udp' : 'tcp';
  const ports = service.ports.filter((p) => p.transport === transport);
  if (ports.some((p) => p.port === port)) return { service: servicePortKey(key, port, transport) };
  const others = ports.length === 0 ? '' : `; it has ${ports.map((p) => p.port).join(', ')}`;
  return notFound(`Service ${key} has no ${transport.toUpperCase()} port ${port}${others}`);
}
