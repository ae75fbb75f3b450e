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
  canonicalIp,
  compareText,
  type IrEndpointGroup,
  type IrL4Frontend,
  type IrL4Service,
  type IrResource,
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
  /** `<namespace>/<name>` */
  readonly service: string;
  readonly frontend: IrL4Frontend;
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
  const { zone, ipv4, ipv6, tableSize } = state.settings;
  const size = maglevSizes.find((known) => known === tableSize) ?? defaultMaglevSize;
  return { name: state.node, zone, ipv4, ipv6, tableSize: size };
}

/** All places of all Services, in the order of Services; with `name`, of that Service alone. */
export function frontendViews(resources: Iterable<IrResource>, node: NodeSettings): FrontendView[] {
  const services: IrL4Service[] = [];
  const groups = new Map<string, IrEndpointGroup[]>();
  for (const resource of resources)
    if (resource.kind === 'l4-service') services.push(resource);
    else if (resource.kind === 'endpoint-group')
      groups.set(resource.service, [...(groups.get(resource.service) ?? []), resource]);
  const groupsOf = (port: string): readonly IrEndpointGroup[] => groups.get(port) ?? [];
  return services
    .sort((a, b) => compareText(a.key, b.key))
    .flatMap((service) => viewsOf(service, groupsOf, node));
}

/** The places that a connection is meant for: of that very address, else node ports. */
export function frontendsFor(
  views: readonly FrontendView[],
  asked: { readonly protocol: string; readonly address?: string; readonly port: number },
): FrontendView[] {
  const address = canonicalIp(asked.address ?? '');
  const fits = views.filter(
    ({ frontend }) => frontend.port === asked.port && frontend.protocol === asked.protocol,
  );
  const exact = fits.filter(({ frontend }) => frontend.type !== 'node-port' && frontend.address === address);
  if (exact.length > 0 || address === undefined) return exact;
  const any = address.includes(':') ? '::' : '0.0.0.0';
  return fits.filter(({ frontend }) => frontend.type === 'node-port' && frontend.address === any);
}

/** The frontends of all Services, by `frontendKey`. */
export function frontendsOf(
  resources: Iterable<IrResource>,
): Map<string, { readonly service: string; readonly frontend: IrL4Frontend }> {
  const found = new Map<string, { readonly service: string; readonly frontend: IrL4Frontend }>();
  for (const resource of resources)
    if (resource.kind === 'l4-service')
      for (const frontend of resource.frontends)
        found.set(frontendKey({ protocol: frontend.protocol, frontend }), {
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

/** The Service that has a place, by that very address or by a node port; `frontends` as `frontendsOf` gives them. */
export function serviceAt(
  frontends: ReadonlyMap<string, { readonly service: string }>,
  { protocol, frontend: { address, port } }: Parameters<typeof frontendKey>[0],
): string | undefined {
  const any = { address: address.includes(':') ? '::' : '0.0.0.0', port };
  const found =
    frontends.get(frontendKey({ protocol, frontend: { address, port } })) ??
    frontends.get(frontendKey({ protocol, frontend: any }));
  return found?.service;
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

/** `10.96.0.1:80/TCP`, `[fd00::1]:80/TCP`, `node port 30080/TCP`. */
export function frontendText({ address, port, protocol, type }: IrL4Frontend): string {
  if (type === 'node-port') return `${address.includes(':') ? 'IPv6 ' : ''}node port ${port}/${protocol}`;
  return `${hostPort({ address, port })}/${protocol}`;
}

/** An address and port as one writes them. */
export function hostPort({ address, port }: { readonly address: string; readonly port: number }): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
