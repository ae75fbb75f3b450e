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

/** Whether a node has places of a Service at all: those of a pod are at its own node alone. */
export function isAtNode(
  { node: only }: Pick<IrL4Service, 'node'>,
  node: Pick<NodeSettings, 'name'>,
): boolean {
  return only === undefined || only === node.name;
}

/** The rows of a Service; `groupsOf` gives the endpoint groups of a Service port. */
export function serviceRows(service: IrL4Service, groupsOf: GroupsOf, node: NodeSettings): ServiceRows {
  const sets = new Map<string, BackendSet>();
  const ranges = new Map<string, SourceRange>();
  const frontends: FrontendRow[] = [];
  if (!isAtNode(service, node)) return { frontends, sets, ranges: [] };
  for (const frontend of service.frontends)
    for (const scope of ['inside', 'outside'] as const) {
      const target = targetOf({ service, frontend, scope }, groupsOf, node);
      if (target === undefined) continue;
      if (target.set !== 'empty') sets.set(target.set.id, target.set);
      const row = frontendRow({ service, frontend, scope }, target);
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

const anyAddress = { ipv4: '0.0.0.0', ipv6: '::' } as const;

function familyOf({ address }: IrL4Frontend): IpFamily {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

/** Where connections to a frontend go. */
interface Target {
  /** `empty`: nowhere, there are no backends. */
  readonly set: BackendSet | 'empty';
  /** Whether the backends are data planes that stand in for the endpoints. */
  readonly isProxy: boolean;
}

type GroupsOf = (servicePort: string) => readonly IrEndpointGroup[];

/** undefined: the datapath has nothing to do with this frontend on this node. */
function targetOf(asked: Asked, groupsOf: GroupsOf, node: NodeSettings): Target | undefined {
  const { service, frontend } = asked;
  const { proxy, endpoint } = frontend;
  if (frontend.type === 'host-port' && !isOfNode(frontend, node)) return undefined;
  if (endpoint !== undefined)
    return { set: backendSet([{ ...endpoint, flags: backendFlags.local }], 0), isProxy: false };
  if (proxy !== undefined && !('dataPlanes' in proxy)) {
    const set = proxySet(frontend, proxy, node);
    return set === undefined ? undefined : { set, isProxy: true };
  }
  const choice = { family: familyOf(frontend), local: isLocal(asked), node };
  if (proxy !== undefined) {
    const planes = chooseEndpoints(groupsOf(proxy.dataPlanes), { ...choice, distribution: 'same-node' });
    // One that stands there with two ports has the proxy's once.
    const at = planes
      .filter(({ address }, i) => address !== planes[i - 1]?.address)
      .map((plane) => ({ ...plane, port: proxy.port }));
    if (at.length > 0) return { set: setOf(asked, at, node), isProxy: true };
  }
  const distribution = service.dataPlanes === undefined ? service.distribution : 'same-node';
  const endpoints = chooseEndpoints(groupsOf(frontend.endpoints), { ...choice, distribution });
  return { set: endpoints.length === 0 ? 'empty' : setOf(asked, endpoints, node), isProxy: false };
}

/** A pod may take no address but the node's own: it could have connections of the node's processes to anywhere else. */
function isOfNode({ address }: IrL4Frontend, { ipv4, ipv6 }: NodeSettings): boolean {
  return [anyAddress.ipv4, anyAddress.ipv6, ipv4, ipv6].includes(address);
}

function setOf(
  asked: Asked,
  endpoints: readonly IrEndpointGroup['endpoints'][number][],
  node: NodeSettings,
): BackendSet {
  const backends = endpoints.map(
    ({ address, port, node: at }): BackendRow => ({
      address,
      port,
      flags: at === node.name ? backendFlags.local : 0,
    }),
  );
  const hashed = usesMaglev(asked) && backends.length <= node.tableSize;
  return backendSet(backends, hashed ? node.tableSize : 0);
}

function proxySet(
  frontend: IrL4Frontend,
  proxy: { readonly address: string; readonly port: number },
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

function frontendRow({ service, frontend, scope }: Asked, { set, isProxy }: Target): FrontendRow {
  const { address, port, protocol, type, endpoints } = frontend;
  const tableSize = set === 'empty' ? 0 : set.tableSize;
  const limited = scope === 'outside' && type === 'load-balancer' && service.sourceRanges !== undefined;
  const keeps = scope === 'outside' && type !== 'cluster' && service.externalPolicy === 'local';
  return {
    ...{ address, port, protocol: protocolNumbers[protocol], scope: scopes[scope] },
    set: set === 'empty' ? noSet : set.id,
    group: groupId(endpoints),
    count: set === 'empty' ? 0 : set.backends.length,
    affinityTimeoutS: isProxy ? 0 : (service.affinityTimeoutS ?? 0),
    tableSize,
    algorithm: tableSize > 0 ? algorithms.maglev : algorithms.random,
    flags:
      (limited ? frontendFlags.sourceRanges : 0) |
      (isProxy || service.dataPlanes !== undefined ? frontendFlags.l7 : 0) |
      (keeps ? frontendFlags.keepClient : 0),
  };
}

/** Order of frontends, for dumps. */
export function compareFrontends(a: FrontendRow, b: FrontendRow): number {
  return a.protocol - b.protocol || compareText(a.address, b.address) || a.port - b.port || a.scope - b.scope;
}
