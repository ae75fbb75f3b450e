// What the kernels of nodes do with connections to Services, from the IR: the agent's own core computes it.
import {
  algorithms,
  type BackendSet,
  backendFlags,
  defaultMaglevSize,
  type FrontendRow,
  frontendFlags,
  maglevSizes,
  type NodeSettings,
  protocolNumbers,
  scopes,
  serviceRows,
} from '@sluice/bpf-agent/core';
import {
  anyAddressOf,
  canonicalIp,
  compareText,
  type IrEndpointGroup,
  type IrL4Frontend,
  type IrL4Service,
  type IrResource,
  isAnyAddress,
} from '@sluice/ir';
import type { DatapathState } from './world.ts';

/** One backend of a place where clients reach a Service. */
export interface BackendView {
  readonly address: string;
  readonly port: number;
  readonly local: boolean;
  /** Terminates, and stands in while no other is ready. */
  readonly draining: boolean;
}

/** A place where clients reach a Service, as one kind of client finds it. */
export interface FrontendView {
  /** `<namespace>/<name>`; of a Pod `Pod/<namespace>/<name>` */
  readonly service: string;
  readonly frontend: IrL4Frontend;
  /** Of a Pod's place: the node that it is at, with the addresses that its agent says it has. */
  readonly at?: { readonly node: string; readonly addresses: readonly string[] };
  readonly from: keyof typeof scopes;
  readonly algorithm: 'random' | 'maglev';
  /** 0: a client keeps no endpoint. */
  readonly affinityTimeoutS: number;
  /** Absent: all clients may. */
  readonly sourceRanges?: readonly string[];
  /** Connections go to the node's Envoy, or another where it has none, which chooses. */
  readonly byProxy: boolean;
  /** None: connections are refused. */
  readonly backends: readonly BackendView[];
}

/** The node that is looked at: the first that has an agent, else one that nothing is known of. */
export function nodeOf(states: Iterable<DatapathState>): NodeSettings {
  const [state] = [...states].sort((a, b) => compareText(a.node, b.node));
  if (state === undefined) return { name: '', zone: '', ipv4: '', ipv6: '', tableSize: defaultMaglevSize };
  return settingsOf(state);
}

function settingsOf(state: DatapathState): NodeSettings {
  const { zone, ipv4, ipv6, tableSize } = state.settings;
  const size = maglevSizes.find((known) => known === tableSize) ?? defaultMaglevSize;
  return { name: state.node, zone, ipv4, ipv6, tableSize: size };
}

/** All places of all Services, in the order of Services, and those of Pods, each at its own node; `states` say what nodes have. */
export function frontendViews(
  resources: Iterable<IrResource>,
  node: NodeSettings,
  states: Iterable<DatapathState> = [],
): FrontendView[] {
  const nodes = new Map([...states].map((state) => [state.node, settingsOf(state)]));
  const services: IrL4Service[] = [];
  const groups = new Map<string, IrEndpointGroup[]>();
  for (const resource of resources)
    if (resource.kind === 'l4-service') services.push(resource);
    else if (resource.kind === 'endpoint-group')
      groups.set(resource.service, [...(groups.get(resource.service) ?? []), resource]);
  const groupsOf = (port: string): readonly IrEndpointGroup[] => groups.get(port) ?? [];
  return services
    .sort((a, b) => compareText(a.key, b.key))
    .flatMap((service) => {
      if (service.node === undefined) return viewsOf(service, groupsOf, node);
      const known = nodes.get(service.node);
      const addresses = known === undefined ? [] : [known.ipv4, known.ipv6].filter((ip) => ip !== '');
      const at = { node: service.node, addresses };
      return viewsOf(service, groupsOf, known ?? assumedNode(service, node)).map((view) => ({ ...view, at }));
    });
}

/** A node of which nothing is known but that it has a Pod: the addresses that the Pod says it has. */
function assumedNode({ node: name = '', frontends }: IrL4Service, like: NodeSettings): NodeSettings {
  const own = frontends.map(({ address }) => address).filter((address) => !isAnyAddress(address));
  const [ipv4 = '', ipv6 = ''] = [false, true].map((v6) => own.find((ip) => ip.includes(':') === v6) ?? '');
  return { ...like, name, ipv4, ipv6 };
}

/** The places that a connection is meant for: of that very address, else node ports and the host ports of the node that has it. */
export function frontendsFor(
  views: readonly FrontendView[],
  asked: { readonly protocol: string; readonly address?: string; readonly port: number },
): FrontendView[] {
  const address = canonicalIp(asked.address ?? '');
  const fits = views.filter(
    ({ frontend, at }) =>
      frontend.port === asked.port &&
      frontend.protocol === asked.protocol &&
      (at === undefined || at.addresses.includes(address ?? '')),
  );
  const exact = fits.filter(({ frontend }) => frontend.type !== 'node-port' && frontend.address === address);
  if (exact.length > 0 || address === undefined) return exact;
  const any = anyAddressOf(address);
  return fits.filter(({ frontend: { type, address: of } }) => isOfNodes(type) && of === any);
}

function isOfNodes(type: IrL4Frontend['type']): boolean {
  return type === 'node-port' || type === 'host-port';
}

/** The frontends of all Services, by `frontendKey`; those of Pods with the node before it. */
export function frontendsOf(
  resources: Iterable<IrResource>,
): Map<string, { readonly service: string; readonly frontend: IrL4Frontend }> {
  const found = new Map<string, { readonly service: string; readonly frontend: IrL4Frontend }>();
  for (const resource of resources)
    if (resource.kind === 'l4-service')
      for (const frontend of resource.frontends)
        found.set(atNode(resource.node, frontendKey({ protocol: frontend.protocol, frontend })), {
          service: resource.key,
          frontend,
        });
  return found;
}

/** Names a place where clients connect: `10.96.0.1:80/TCP`. */
export function frontendKey(of: {
  readonly protocol: string;
  readonly frontend: { readonly address: string; readonly port: number };
}): string {
  return `${hostPort(of.frontend)}/${of.protocol}`;
}

function atNode(node: string | undefined, key: string): string {
  return node === undefined ? key : `${node} ${key}`;
}

/** The Service, or the Pod of that node, that has a place, by that very address or at all of a node; `frontends` as `frontendsOf` gives them. */
export function serviceAt(
  frontends: ReadonlyMap<string, { readonly service: string }>,
  {
    protocol,
    frontend: { address, port },
    node,
  }: Parameters<typeof frontendKey>[0] & { readonly node: string },
): string | undefined {
  const any = { address: anyAddressOf(address), port };
  const keys = [{ address, port }, any].map((frontend) => frontendKey({ protocol, frontend }));
  const found = keys.flatMap((key) => [key, atNode(node, key)]).find((key) => frontends.has(key));
  return found === undefined ? undefined : frontends.get(found)?.service;
}

/** Who a key of an `l4-service` of the IR is of. */
export function ownerOf(key: string): {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
} {
  const parts = key.split('/');
  const [kind = '', namespace = '', name = ''] = parts.length === 3 ? parts : ['Service', ...parts];
  return { kind, namespace, name };
}

/** Whether it is of that namespace and name; what is not given is no condition. */
export function isOf(
  key: string,
  asked: { readonly name: string | undefined; readonly namespace?: string },
): boolean {
  const { namespace, name } = ownerOf(key);
  return (
    (asked.namespace === undefined || namespace === asked.namespace) &&
    (asked.name === undefined || name === asked.name)
  );
}

function viewsOf(
  service: IrL4Service,
  groupsOf: (port: string) => readonly IrEndpointGroup[],
  node: NodeSettings,
): FrontendView[] {
  const { frontends, sets } = serviceRows(service, groupsOf, node);
  return service.frontends.flatMap((frontend) => {
    const rows = frontends.filter(
      (row) =>
        row.address === frontend.address &&
        row.port === frontend.port &&
        row.protocol === protocolNumbers[frontend.protocol],
    );
    const draining = new Set(
      groupsOf(frontend.endpoints).flatMap(({ endpoints }) =>
        endpoints
          .filter(({ state }) => state === 'draining')
          .map(({ address, port }) => `${address}|${port}`),
      ),
    );
    return rows.map((row) => viewOf({ service, frontend, row, set: sets.get(row.set), draining }));
  });
}

function viewOf(of: {
  service: IrL4Service;
  frontend: IrL4Frontend;
  row: FrontendRow;
  set: BackendSet | undefined;
  draining: ReadonlySet<string>;
}): FrontendView {
  const { service, frontend, row, set, draining } = of;
  const limited = (row.flags & frontendFlags.sourceRanges) !== 0;
  return {
    service: service.key,
    frontend,
    from: row.scope === scopes.outside ? 'outside' : 'inside',
    algorithm: row.algorithm === algorithms.maglev ? 'maglev' : 'random',
    affinityTimeoutS: row.affinityTimeoutS,
    ...(limited ? { sourceRanges: service.sourceRanges ?? [] } : {}),
    byProxy: (row.flags & frontendFlags.l7) !== 0,
    backends: (set?.backends ?? []).map(({ address, port, flags }) => ({
      address,
      port,
      local: (flags & backendFlags.local) !== 0,
      draining: draining.has(`${address}|${port}`),
    })),
  };
}

/** `10.96.0.1:80/TCP`, `[fd00::1]:80/TCP`, `node port 30080/TCP`, `host port 80/TCP`. */
export function frontendText({ address, port, protocol, type }: IrL4Frontend): string {
  if (isAnyAddress(address) && isOfNodes(type))
    return `${address.includes(':') ? 'IPv6 ' : ''}${type.replace('-', ' ')} ${port}/${protocol}`;
  return `${hostPort({ address, port })}/${protocol}`;
}

/** An address and port as one writes them. */
export function hostPort({ address, port }: { readonly address: string; readonly port: number }): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
