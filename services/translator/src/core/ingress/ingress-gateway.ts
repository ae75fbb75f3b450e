// The gateways of the IR that Ingresses stand for. What comes in: Ingresses, their TLS and addresses; what goes out: one
// gateway for each dedicated Ingress and one for each class whose Ingresses share, with a listener for HTTP and one for
// HTTPS and TLS that is passed through. A route of a shared gateway touches neither.
import type { FactOf } from '@sluice/events';
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import { compareText, gatewayKey, type IrGateway, type IrListener, type ObjectRef } from '@sluice/ir';
import { ingressHttpsPort } from '@sluice/kinds';
import { bindPort, socketOf } from '../gateway-plan.ts';
import { anyHostname } from '../hostname.ts';
import { listenerKey } from '../keys.ts';
import type { IngressModel, OwnIngressClass } from './ingress-model.ts';
import type { IngressTls, TlsClaim } from './ingress-tls.ts';

/** Who a gateway stands for. */
export interface IngressHolder {
  readonly key: string;
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly generation: number;
  /** Port for HTTP; undefined: none, since all its connections are passed through. */
  readonly httpPort: number | undefined;
}

/** What the gateways of one mode come to. */
export interface IngressGateways {
  readonly holders: Collection<IngressHolder>;
  readonly gateways: Collection<IrGateway>;
  readonly listeners: Collection<IrListener>;
}

interface Needs {
  readonly models: Collection<IngressModel>;
  readonly ownClasses: Collection<OwnIngressClass>;
  readonly tls: IngressTls;
  readonly addresses: Collection<FactOf<'AddressAssigned'>>;
}

/** Name of the server for HTTP. */
export const httpServer = 'http';

/** Gateways of dedicated Ingresses, and of classes whose Ingresses share. */
export function ingressGateways(
  graph: Graph,
  needs: Needs,
): { readonly dedicated: IngressGateways; readonly shared: IngressGateways } {
  const { models, ownClasses } = needs;
  const dedicated = graph.map(models, 'dedicated ingresses', (model) => {
    const { holder, ref, uid, generation, settings, refusal } = model;
    if (refusal !== undefined || settings.mode === 'shared') return undefined;
    const httpPort = settings.tlsPassthrough ? undefined : settings.httpPort;
    return { key: holder, ref, uid, generation, httpPort };
  });
  const sharers = graph.countBy(models, 'ingresses that share', ({ holder, settings, refusal }) =>
    refusal === undefined && settings.mode === 'shared' ? [holder] : [],
  );
  const sharedBy = graph.map(sharers, 'shared ingress classes', () => true as const);
  const shared = graph.map(ownClasses, 'shared ingress gateways', ({ ref, uid, generation }, _key, fetch) => {
    const key = gatewayKey(ref);
    return fetch(sharedBy, key) === undefined ? undefined : { key, ref, uid, generation, httpPort: 80 };
  });
  return {
    dedicated: gatewaysOf(graph, needs, { holders: dedicated, name: 'dedicated ingresses' }),
    shared: gatewaysOf(graph, needs, { holders: shared, name: 'ingress classes' }),
  };
}

function gatewaysOf(
  graph: Graph,
  needs: Needs,
  { holders, name }: { holders: Collection<IngressHolder>; name: string },
): IngressGateways {
  const listeners = graph.flatMap(holders, `listeners of ${name}`, (holder, _key, fetch) =>
    listenersOf(holder, needs, fetch).map((listener) => [listener.key, listener] as const),
  );
  const gateways = graph.flatMap(holders, `gateways of ${name}`, (holder, _key, fetch) => {
    const { key, ref, generation } = holder;
    const addresses = addressesOf(fetch(needs.addresses, key));
    const keys = [holder.httpPort, ingressHttpsPort]
      .flatMap((port) => (port === undefined ? [] : [listenerKey(key, port)]))
      .filter((listener) => fetch(listeners, listener) !== undefined)
      .sort(compareText);
    return [
      [key, { kind: 'gateway' as const, key, source: ref, generation, addresses, listeners: keys }] as const,
    ];
  });
  return { holders, gateways, listeners };
}

function addressesOf(assigned: FactOf<'AddressAssigned'> | undefined): string[] {
  return [...(assigned?.addresses ?? [])].sort(compareText);
}

/** Whether there is an address, or a DNS name of a load balancer. */
export function isAssigned({ addresses, hostnames }: FactOf<'AddressAssigned'>): boolean {
  return addresses.length > 0 || (hostnames ?? []).length > 0;
}

function listenersOf(holder: IngressHolder, needs: Needs, fetch: Fetch): IrListener[] {
  const assigned = fetch(needs.addresses, holder.key);
  const addresses = addressesOf(assigned);
  if (assigned === undefined || !isAssigned(assigned)) return [];
  const http: Ends =
    holder.httpPort === undefined
      ? []
      : [
          {
            port: holder.httpPort,
            protocol: 'HTTP',
            servers: [{ name: httpServer, hostname: anyHostname, certificates: [] }],
          },
        ];
  return [...http, ...tlsEnd(holder, needs.tls, fetch)].flatMap(({ port, protocol, servers }) => {
    const socket = socketOf({ sockets: assigned.sockets }, { port, transport: 'tcp' });
    const bound = bindPort(port, assigned.lowPortOffset);
    if (bound > 65_535 || (assigned.sockets !== undefined && socket === undefined)) return [];
    return [
      {
        kind: 'listener' as const,
        key: listenerKey(holder.key, port),
        gateway: holder.key,
        protocol,
        addresses,
        port,
        bindPort: bound,
        ...(socket === undefined ? {} : { socket }),
        wildcards: 'one-label' as const,
        servers,
      },
    ];
  });
}

type Ends = readonly Pick<IrListener, 'port' | 'protocol' | 'servers'>[];

/** The listener for hosts with TLS: each host is a server of its own, so that a new one touches no other. */
function tlsEnd({ key }: IngressHolder, { byHolder, winners }: IngressTls, fetch: Fetch): Ends {
  const members = fetch(byHolder, key)?.members() ?? [];
  const servers = members
    .map((member) => fetch(winners, member))
    .filter((winner) => winner !== undefined)
    .map(serverOf)
    .sort((a, b) => compareText(a.name, b.name));
  if (servers.length === 0) return [];
  const protocol = servers.every(({ passthrough }) => passthrough) ? 'TLS' : 'HTTPS';
  return [{ port: ingressHttpsPort, protocol, servers }];
}

/** A server is named as its host. */
function serverOf({ host, certificate }: TlsClaim): IrListener['servers'][number] {
  return certificate === undefined
    ? { name: host, hostname: host, certificates: [], passthrough: true }
    : { name: host, hostname: host, certificates: [certificate] };
}
