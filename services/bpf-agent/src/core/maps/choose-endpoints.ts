// Which endpoints of a Service port take connections that come in at a node. What comes in: endpoint groups; what goes out: endpoints,
// each once. Service traffic policies, topology hints (EndpointSlice v1, hints.forZones and forNodes) and trafficDistribution of
// Kubernetes 1.35; endpoints that terminate and still serve stand in where no ready one is left (KEP-1669).

import type { IpFamily } from '@sluice/ir';
import { compareText, type IrEndpointGroup, type IrL4Service, parseIp } from '@sluice/ir';

type Endpoint = IrEndpointGroup['endpoints'][number];

/** The node that connections come in at. */
export interface NodePlace {
  /** Name as endpoints have it. */
  readonly name: string;
  /** The empty string: not known. */
  readonly zone: string;
}

/** What is asked for. */
export interface EndpointQuery {
  readonly family: IpFamily;
  /** Of this node alone. */
  readonly local: boolean;
  readonly distribution: IrL4Service['distribution'];
  readonly node: NodePlace;
}

/** The endpoints, sorted by address, then port. */
export function chooseEndpoints(groups: readonly IrEndpointGroup[], query: EndpointQuery): Endpoint[] {
  const all = distinct(groups.flatMap(({ endpoints }) => endpoints)).filter(
    ({ address }) => address.includes(':') === (query.family === 'ipv6'),
  );
  const here = query.local ? all.filter(({ node }) => node === query.node.name) : all;
  const ready = here.filter(({ state }) => state === 'ready');
  const usable = ready.length > 0 ? ready : here;
  return query.local ? usable : near(usable, query);
}

/** An address and port that stands in several groups counts once: as ready where one says so. */
function distinct(endpoints: readonly Endpoint[]): Endpoint[] {
  const sorted = endpoints
    .filter(({ address }) => parseIp(address) !== undefined)
    .sort(
      (a, b) =>
        compareText(a.address, b.address) ||
        a.port - b.port ||
        compareText(b.state, a.state) ||
        compareText(a.node ?? '', b.node ?? '') ||
        compareText(a.zone ?? '', b.zone ?? '') ||
        compareText(hintsOf(a), hintsOf(b)),
    );
  return sorted.filter((endpoint, i) => {
    const before = sorted[i - 1];
    return before === undefined || before.address !== endpoint.address || before.port !== endpoint.port;
  });
}

/** Hints as text, so that entries that differ in these alone have an order, whichever group was there first. */
function hintsOf({ forNodes = [], forZones = [] }: Endpoint): string {
  return `${forNodes.join()}|${forZones.join()}`;
}

/** Those that are for this node; all, where that would be none or endpoints do not agree on saying so. */
function near(endpoints: readonly Endpoint[], { distribution, node }: EndpointQuery): Endpoint[] {
  const all = [...endpoints];
  const hinted = all.filter(({ forNodes, forZones }) => forNodes !== undefined || forZones !== undefined);
  if (hinted.length > 0)
    return (
      found(
        all,
        ({ forNodes }) => forNodes !== undefined,
        ({ forNodes }) => forNodes?.includes(node.name),
      ) ??
      found(
        all,
        ({ forZones }) => forZones !== undefined,
        ({ forZones }) => forZones?.includes(node.zone),
      ) ??
      all
    );
  const any = (): boolean => true;
  const sameNode =
    distribution === 'same-node' ? found(all, any, (endpoint) => endpoint.node === node.name) : undefined;
  if (sameNode !== undefined || distribution === undefined) return sameNode ?? all;
  return node.zone === '' ? all : (found(all, any, ({ zone }) => zone === node.zone) ?? all);
}

/** Those that pass; undefined where none does, or one does not say. */
function found(
  all: readonly Endpoint[],
  says: (endpoint: Endpoint) => boolean,
  passes: (endpoint: Endpoint) => boolean | undefined,
): Endpoint[] | undefined {
  const passed = all.every(says) ? all.filter((endpoint) => passes(endpoint) === true) : [];
  return passed.length === 0 ? undefined : passed;
}
