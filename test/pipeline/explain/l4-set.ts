// Random listeners below HTTP with their routes, and connections to them: few names, so that hostnames overlap and tie.
import { type IrL4Route, type IrListener, type IrResource, l4RouteKey } from '@sluice/ir';
import type { ExplainConnection } from '@sluice/ir/explain';
import fc from 'fast-check';

/** Where a set listens. */
export interface L4Place {
  readonly name: string;
  readonly address: string;
  readonly tlsPort: number;
  readonly tcpPort: number;
}

/** Services that routes refer to; the last has no endpoints. */
export const l4ServiceNames = ['one', 'two', 'empty'] as const;

/** The key of a Service. */
export function l4ServiceKey(name: string): string {
  return `default/${name}/80`;
}

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const serverHostnames = ['*', '*.test', '*.a.test', 'a.test', 'b.a.test'];
const routeHostnames = [...serverHostnames, '*.b.a.test', 'c.b.a.test', 'x.test'];

const backend = fc.record({
  service: fc.oneof(
    { weight: 6, arbitrary: pick<string | null>(l4ServiceKey('one'), l4ServiceKey('two')) },
    { weight: 1, arbitrary: pick<string | null>(l4ServiceKey('empty'), null) },
  ),
  weight: pick(1, 1, 3),
});
const backends = fc.uniqueArray(backend, { selector: ({ service }) => service, maxLength: 2 });
const createdAt = pick('', '2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z');

const tlsRoute = fc.record({
  hostnames: fc.uniqueArray(pick(...routeHostnames), { minLength: 1, maxLength: 3 }),
  backends,
  createdAt,
});

/** Servers of distinct hostnames, about a third of which end TLS themselves, and routes that may attach to any of them. */
const l4Set = fc.record({
  servers: fc.uniqueArray(fc.record({ hostname: pick(...serverHostnames), own: pick(false, false, true) }), {
    selector: ({ hostname }) => hostname,
    minLength: 1,
    maxLength: 4,
  }),
  tls: fc.array(tlsRoute, { maxLength: 6 }),
  tcp: fc.array(fc.record({ backends, createdAt }), { maxLength: 3 }),
});

/** One random set, as resources of the IR at a place. Servers that end TLS have the certificate `certificate`. */
export function l4Resources(place: L4Place, certificate: string): fc.Arbitrary<IrResource[]> {
  return l4Set.map(({ servers, tls, tcp }) => {
    const gateway = `default/${place.name}`;
    const base = { kind: 'listener' as const, gateway, addresses: [place.address] };
    const on = (port: number) => ({ key: `${gateway}/${port}`, port, bindPort: port });
    const tlsListener: IrListener = {
      ...base,
      ...on(place.tlsPort),
      protocol: servers.some(({ own }) => own) ? 'HTTPS' : 'TLS',
      servers: servers
        .map(({ hostname, own }, i) => ({
          name: `s${i}`,
          hostname,
          ...(own ? { certificates: [certificate] } : { certificates: [], passthrough: true as const }),
        }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    };
    const tcpListener: IrListener = {
      ...base,
      ...on(place.tcpPort),
      protocol: 'TCP',
      servers: [{ name: 'tcp', hostname: '*', certificates: [] }],
    };
    const at = attachmentsOf(tlsListener);
    const tcpAttachments = [{ listener: tcpListener.key, server: 'tcp', hostnames: ['*'] }];
    return [
      { kind: 'gateway', key: gateway, source: source('Gateway', place.name), ...gatewayRest(place, base) },
      tlsListener,
      tcpListener,
      ...tls.map((route, i) =>
        l4Route('TLS', `${place.name}-${i}`, { ...route, attachments: at(route.hostnames) }),
      ),
      ...tcp.map((route, i) =>
        l4Route('TCP', `${place.name}-${i}`, { ...route, attachments: tcpAttachments }),
      ),
    ];
  });
}

function gatewayRest(place: L4Place, { addresses, gateway }: { addresses: string[]; gateway: string }) {
  return {
    generation: 1,
    addresses,
    listeners: [`${gateway}/${place.tlsPort}`, `${gateway}/${place.tcpPort}`],
  };
}

function source(kind: string, name: string) {
  return { group: 'gateway.networking.k8s.io', kind, namespace: 'default', name };
}

function l4Route(
  protocol: 'TLS' | 'TCP',
  name: string,
  of: Pick<IrL4Route, 'attachments' | 'backends' | 'createdAt'>,
): IrL4Route {
  return {
    kind: 'l4-route',
    key: l4RouteKey(protocol, `default/${name}`),
    protocol,
    source: source(`${protocol}Route`, name),
    generation: 1,
    createdAt: of.createdAt,
    attachments: of.attachments,
    backends: of.backends,
  };
}

/** Each hostname at every server that passes through and covers it, as the translator would attach it. */
function attachmentsOf({ key, servers }: IrListener) {
  return (hostnames: readonly string[]): IrL4Route['attachments'] =>
    servers
      .filter(({ passthrough }) => passthrough)
      .map(({ name, hostname }) => ({
        listener: key,
        server: name,
        hostnames: [...new Set(hostnames.flatMap((wanted) => intersection(hostname, wanted)))].sort(),
      }))
      .filter((attachment) => attachment.hostnames.length > 0);
}

function intersection(server: string, route: string): string[] {
  if (within(server, route)) return [route];
  return within(route, server) ? [server] : [];
}

function within(outer: string, inner: string): boolean {
  if (outer === '*' || outer === inner) return true;
  return outer.startsWith('*.') && inner !== '*' && inner.endsWith(outer.slice(1));
}

const names = ['a.test', 'b.a.test', 'c.b.a.test', 'd.a.test', 'x.test', 'test', 'other.example', 'B.A.Test'];

/** A connection to a place: by TLS with one of few names, or without TLS to its TCP port. */
export function connectionTo(place: L4Place): fc.Arbitrary<ExplainConnection> {
  const { address } = place;
  return fc.oneof(
    {
      weight: 4,
      arbitrary: pick(...names).map((sni) => ({
        protocol: 'TLS' as const,
        address,
        port: place.tlsPort,
        sni,
      })),
    },
    { weight: 1, arbitrary: fc.constant({ protocol: 'TCP' as const, address, port: place.tcpPort }) },
  );
}
