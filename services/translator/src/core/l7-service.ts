// Services that ask for a balancing of each request. What comes in: Services with their annotations and addresses; what
// goes out: for each that asks, how its ports are served. `appProtocol` decides (KEP-3726): what is HTTP, or says nothing,
// is balanced by request; the rest by connection, since there is nothing else in it to be told apart.
import type { FactOf } from '@sluice/events';
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import { gatewayKey } from '@sluice/ir';
import {
  type AnnotationFault,
  type L7Algorithm,
  objectRefOf,
  readServiceL7,
  type Service,
} from '@sluice/kinds';
import { nameOf } from './envoy-config/bind.ts';
import { servicePortKey } from './keys.ts';
import { type FrontendPort, frontendOf, type ServiceFrontend } from './service-frontend.ts';
import { isHttpPort } from './service-port.ts';

/** How a port is served. */
export interface L7Port extends FrontendPort {
  /** `tcp`: connections are passed on as they come. */
  readonly mode: 'http' | 'tcp';
}

/** A Service with such an annotation. */
export interface L7Service {
  readonly frontend: ServiceFrontend;
  readonly algorithm: L7Algorithm;
  readonly faults: readonly AnnotationFault[];
  /** Whether its annotation asks for it. False: only faults are told. */
  readonly enabled: boolean;
  /** Why it is not served though it asks; the empty string where it is. */
  readonly refusal: string;
  readonly ports: readonly L7Port[];
  /** Ports of other transports, which no listener serves, as `53/UDP`. */
  readonly leftOut: readonly string[];
}

/** What judging reads. */
export interface L7Needs {
  readonly services: Collection<Service>;
  /** By `gatewayKey`. */
  readonly addresses: Collection<FactOf<'AddressAssigned'>>;
  /** Service ports that some BackendTLSPolicy is for. */
  readonly policed: Collection<true>;
  /** Service ports whose traffic goes to a listener of a CiliumEnvoyConfig: that goes before an annotation. */
  readonly redirects: Collection<{ readonly config: string }>;
  /** Prefixes of annotations that count. */
  readonly prefixes: readonly string[];
}

/** Services whose annotations ask for something, by `<namespace>/<name>`. */
export function l7Services(graph: Graph, needs: L7Needs): Collection<L7Service> {
  return graph.map(needs.services, 'l7 services', (service, key, fetch) => {
    const asked = readServiceL7(service.metadata.annotations, needs.prefixes);
    if (asked === undefined || (!asked.enabled && asked.faults.length === 0)) return undefined;
    const assigned = asked.enabled ? fetch(needs.addresses, gatewayKey(objectRefOf(service))) : undefined;
    const frontend = frontendOf(service, assigned);
    return {
      frontend,
      ...asked,
      refusal: refusalOf(service, frontend),
      ports: frontend.ports.map((port) => ({
        ...port,
        fault: port.fault === '' ? redirectFault(port, key, needs, fetch) : port.fault,
        mode: modeOf(port, key, { policed: needs.policed, fetch }),
      })),
      leftOut: service.spec.ports
        .filter(({ protocol }) => protocol !== 'TCP')
        .map(({ port, protocol }) => `${port}/${protocol}`)
        .sort(),
    };
  });
}

function refusalOf({ spec }: Service, { ports }: ServiceFrontend): string {
  if (spec.type === 'ExternalName') return 'a Service of type ExternalName has no endpoints here';
  return ports.length === 0 ? 'the Service has no TCP port' : '';
}

function redirectFault({ port }: FrontendPort, service: string, needs: L7Needs, fetch: Fetch): string {
  const taken = fetch(needs.redirects, servicePortKey(service, port));
  return taken === undefined ? '' : `the traffic of port ${port} goes to ${nameOf(taken.config)}`;
}

/** Where a policy says that backends speak TLS, so do the clients of the Service: it is theirs to end. */
function modeOf(
  port: FrontendPort,
  service: string,
  { policed, fetch }: { policed: Collection<true>; fetch: Fetch },
): L7Port['mode'] {
  const isTls = fetch(policed, servicePortKey(service, port.port)) !== undefined;
  return !isTls && isHttpPort(port) ? 'http' : 'tcp';
}
