// Resources of the IR for tests, with what most of them have in common filled in.
import type {
  IrBackend,
  IrCertificate,
  IrCluster,
  IrEndpointGroup,
  IrGateway,
  IrHttpAction,
  IrHttpMatch,
  IrHttpRoute,
  IrHttpRule,
  IrL4Backend,
  IrL4Route,
  IrListener,
  IrServer,
} from '@sluice/ir';
import { l4RouteKey } from '@sluice/ir';

const gatewayApi = 'gateway.networking.k8s.io';

export function gateway(addresses: string[], listeners: string[]): IrGateway {
  return {
    kind: 'gateway',
    key: 'shop/edge',
    source: { group: gatewayApi, kind: 'Gateway', namespace: 'shop', name: 'edge' },
    generation: 1,
    addresses,
    listeners,
  };
}

export function server(hostname = '*', rest: Partial<IrServer> = {}): IrServer {
  return { name: 'main', hostname, certificates: [], ...rest };
}

/** A listener of gateway `shop/edge` that binds `bindPort` of 127.0.0.1; port 80 or 443 by its protocol. */
export function listener(bindPort: number, rest: Partial<IrListener> = {}): IrListener {
  const port = rest.protocol === 'HTTPS' ? 443 : 80;
  return {
    kind: 'listener',
    key: `shop/edge/${port}`,
    gateway: 'shop/edge',
    protocol: 'HTTP',
    addresses: ['127.0.0.1'],
    port,
    bindPort,
    servers: [server()],
    ...rest,
  };
}

export function cluster(service: string, rest: Partial<IrCluster> = {}): IrCluster {
  const key = `shop/${service}/80`;
  return {
    kind: 'cluster',
    key,
    source: { group: '', kind: 'Service', namespace: 'shop', name: service },
    port: 80,
    protocol: 'http1',
    connectTimeoutMs: 5_000,
    endpoints: key,
    ...rest,
  };
}

/** `at` are ports of 127.0.0.1, all ready, or endpoints. */
export function endpoints(
  service: string,
  at: (number | IrEndpointGroup['endpoints'][number])[],
): IrEndpointGroup {
  return {
    kind: 'endpoint-group',
    key: `shop/${service}-1/80`,
    service: `shop/${service}/80`,
    endpoints: at.map((endpoint) =>
      typeof endpoint === 'number' ? { address: '127.0.0.1', port: endpoint, state: 'ready' } : endpoint,
    ),
  };
}

export function match(rest: Partial<IrHttpMatch> = {}): IrHttpMatch {
  return { path: { type: 'prefix', value: '/' }, headers: [], query: [], ...rest };
}

export function prefix(value: string): IrHttpMatch {
  return match({ path: { type: 'prefix', value } });
}

/** Sends all to a Service of namespace `shop`, or to several targets. */
export function forward(to: string | IrBackend[], rest: object = {}): IrHttpAction {
  const backends = typeof to === 'string' ? [{ cluster: `shop/${to}/80`, weight: 1 }] : to;
  return { type: 'forward', backends, ...rest };
}

export function rule(action: IrHttpAction, rest: Partial<IrHttpRule> = {}): IrHttpRule {
  return { index: 0, matches: [match()], action, ...rest };
}

/** A route of namespace `shop`, attached to server `main` of `shop/edge/80` for every host. */
export function route(name: string, rules: IrHttpRule[], rest: Partial<IrHttpRoute> = {}): IrHttpRoute {
  return {
    kind: 'http-route',
    key: `shop/${name}`,
    source: { group: gatewayApi, kind: 'HTTPRoute', namespace: 'shop', name },
    generation: 1,
    createdAt: '',
    attachments: [{ listener: 'shop/edge/80', server: 'main', hostnames: ['*'] }],
    rules: rules.map((each, index) => ({ ...each, index })),
    ...rest,
  };
}

/** A TCPRoute of namespace `shop`, or another one, attached to server `main` of `shop/edge/80`; to Services or targets. */
export function l4Route(
  name: string,
  to: readonly (string | IrL4Backend)[],
  rest: Partial<IrL4Route> = {},
): IrL4Route {
  const { protocol = 'TCP' } = rest;
  return {
    kind: 'l4-route',
    key: l4RouteKey(protocol, `shop/${name}`),
    protocol,
    source: { group: gatewayApi, kind: `${protocol}Route`, namespace: 'shop', name },
    generation: 1,
    createdAt: '',
    attachments: [{ listener: 'shop/edge/80', server: 'main', hostnames: ['*'] }],
    backends: to.map((each) => (typeof each === 'string' ? { service: `shop/${each}/80`, weight: 1 } : each)),
    ...rest,
  };
}

export function attached(hostnames: string[], rest: Partial<IrHttpRoute['attachments'][number]> = {}) {
  return { attachments: [{ listener: 'shop/edge/80', server: 'main', hostnames, ...rest }] };
}

export function certificate(name: string, digest: string, uid = 'u1'): IrCertificate {
  return {
    kind: 'certificate',
    key: `shop/${name}`,
    source: { group: '', kind: 'Secret', namespace: 'shop', name },
    uid,
    digest,
  };
}
