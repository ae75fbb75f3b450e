// One Service and its endpoints → the rows that it has in the maps of one node. A function of its arguments alone: all nodes with the
// same arguments have the same rows.
import {
  compareText,
  type IpFamily,
  type IrEndpointGroup,
  type IrL4Frontend,
  type IrL4Service,
} from '@sluice/ir';
import { chooseEndpoints, type NodePlace } from './choose-endpoints.ts';
import { backendSet, groupId } from './content-id.ts';
import type { MaglevSize } from './maglev.ts';
import {
  algorithms,
  type BackendRow,
  type BackendSet,
  backendFlags,
  type FrontendRow,
  frontendFlags,
  noSet,
  protocolNumbers,
  type Scope,
  type SourceRange,
  scopes,
} from './rows.ts';

/** The node whose maps they are. */
export interface NodeSettings extends NodePlace {
  /** Addresses at which pods reach the node's Envoy; the empty string: it has none of that family. */
  readonly ipv4: string;
  readonly ipv6: string;
  /** Slots of a Maglev table. */
  readonly tableSize: MaglevSize;
}

/** What a Service has in the maps. */
export interface ServiceRows {
  readonly frontends: readonly FrontendRow[];
  /** By id. */
  readonly sets: ReadonlyMap<string, BackendSet>;
  readonly ranges: readonly SourceRange[];
}

/** The rows of a Service; `groupsOf` gives the endpoint groups of a Service port. */
export function serviceRows(
  service: IrL4Service,
  groupsOf: (servicePort: string) => readonly IrEndpointGroup[],
  node: NodeSettings,
): ServiceRows {
  const sets = new Map<string, BackendSet>();
  const ranges = new Map<string, SourceRange>();
  const frontends: FrontendRow[] = [];
  for (const frontend of service.frontends)
    for (const scope of ['inside', 'outside'] as const) {
      const set = setOf({ service, frontend, scope }, groupsOf, node);
      if (set === undefined) continue;
      if (set !== 'empty') sets.set(set.id, set);
      const row = frontendRow({ service, frontend, scope }, set);
      frontends.push(row);
      if ((row.flags & frontendFlags.sourceRanges) !== 0)
        for (const range of service.sourceRanges ?? [])
          ranges.set(`${row.group}|${range}`, { group: row.group, range });
    }
  return { frontends, sets, ranges: [...ranges.values()] };
}

interface Asked {
  readonly service: IrL4Service;
  readonly frontend: IrL4Frontend;
  readonly scope: Scope;
}

function familyOf({ address }: IrL4Frontend): IpFamily {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

/** The backends; `empty`: there are none. undefined: the datapath has nothing to do with this frontend on this node. */
function setOf(
  { service, frontend, scope }: Asked,
  groupsOf: (servicePort: string) => readonly IrEndpointGroup[],
  node: NodeSettings,
): BackendSet | 'empty' | undefined {
  if (frontend.proxy !== undefined) return proxySet(frontend, frontend.proxy, node);
  const endpoints = chooseEndpoints(groupsOf(frontend.endpoints), {
    family: familyOf(frontend),
    local: isLocal({ service, frontend, scope }),
    distribution: service.dataPlanes === undefined ? service.distribution : 'same-node',
    node,
  });
  if (endpoints.length === 0) return 'empty';
  const backends = endpoints.map(
    ({ address, port, node: at }): BackendRow => ({
      address,
      port,
      flags: at === node.name ? backendFlags.local : 0,
    }),
  );
  const hashed = usesMaglev({ service, frontend, scope }) && backends.length <= node.tableSize;
  return backendSet(backends, hashed ? node.tableSize : 0);
}

function proxySet(
  frontend: IrL4Frontend,
  proxy: NonNullable<IrL4Frontend['proxy']>,
  node: NodeSettings,
): BackendSet | undefined {
  const own = familyOf(frontend) === 'ipv6' ? node.ipv6 : node.ipv4;
  const address = proxy.address === '' ? own : proxy.address;
  return address === ''
    ? undefined
    : backendSet([{ address, port: proxy.port, flags: backendFlags.local }], 0);
}

/** Who comes to a cluster address is inside, wherever its packets are seen. To all else who is inside may go anywhere. */
function isLocal({ service, frontend, scope }: Asked): boolean {
  if (frontend.type === 'cluster') return service.internalPolicy === 'local';
  return scope === 'outside' && service.externalPolicy === 'local';
}

/** A socket remembers its backend: only packets, which other nodes may see as well, need one that follows from them. */
function usesMaglev({ service, scope }: Asked): boolean {
  return scope === 'outside' && service.algorithm === 'maglev';
}

function frontendRow({ service, frontend, scope }: Asked, set: BackendSet | 'empty'): FrontendRow {
  const { address, port, protocol, type, endpoints, proxy } = frontend;
  const tableSize = set === 'empty' ? 0 : set.tableSize;
  const limited = scope === 'outside' && type === 'load-balancer' && service.sourceRanges !== undefined;
  const keeps = scope === 'outside' && type !== 'cluster' && service.externalPolicy === 'local';
  return {
    ...{ address, port, protocol: protocolNumbers[protocol], scope: scopes[scope] },
    set: set === 'empty' ? noSet : set.id,
    group: groupId(endpoints),
    count: set === 'empty' ? 0 : set.backends.length,
    affinityTimeoutS: proxy === undefined ? (service.affinityTimeoutS ?? 0) : 0,
    tableSize,
    algorithm: tableSize > 0 ? algorithms.maglev : algorithms.random,
    flags:
      (limited ? frontendFlags.sourceRanges : 0) |
      (proxy === undefined && service.dataPlanes === undefined ? 0 : frontendFlags.l7) |
      (keeps ? frontendFlags.keepClient : 0),
  };
}

/** Order of frontends, for dumps. */
export function compareFrontends(a: FrontendRow, b: FrontendRow): number {
  return a.protocol - b.protocol || compareText(a.address, b.address) || a.port - b.port || a.scope - b.scope;
}
