// Host ports of Pods, as the datapath of their node takes them. What comes in: Pods with host ports, and which places Services ask for;
// what goes out: the IR of each Pod, with the places that it alone may have, and what is wrong with the others. A Service goes first,
// since its places are the same on all nodes; of two Pods the older, then the first by namespace and name. Pod, core/v1 of Kubernetes
// 1.35; docs/adr/0025.
import type { Collection, Fetch, Graph, Group } from '@sluice/incremental';
import { anyAddressOf, compareText, type IrL4Service } from '@sluice/ir';
import type { Pod } from '@sluice/kinds';
import { condition, summarize, type TimelessCondition } from './conditions.ts';
import {
  claimKey,
  type HostPlace,
  type HostPortWant,
  hostPortWant,
  overlaps,
  placeText,
  podPrefix,
} from './host-port-want.ts';
import { frontendKey } from './l4-want.ts';
import type { StatusOutput } from './status.ts';

/** What is read. */
export interface HostPortNeeds {
  readonly pods: Collection<Pod>;
  /** Services by the places that they ask for, as `frontendKey` has them. */
  readonly services: Collection<Group>;
}

/** What host ports come to. By `<namespace>/<name>` of the Pod. */
export interface HostPortPart {
  readonly ir: Collection<IrL4Service>;
  /** Of Pods with something wrong alone. */
  readonly statuses: Collection<StatusOutput>;
}

interface Outcome {
  readonly want: HostPortWant;
  /** Those that it has. */
  readonly places: readonly HostPlace[];
  /** Those that others have, in words. */
  readonly lost: readonly string[];
}

/** Whether an `l4-service` of the IR is a Pod's. @param key of the resource */
export function isOfPod(key: string): boolean {
  return key.startsWith(podPrefix);
}

/** Translates them. */
export function hostPorts(graph: Graph, { pods, services }: HostPortNeeds): HostPortPart {
  const wants = graph.map(pods, 'host ports wanted', hostPortWant);
  const claims = graph.indexBy(wants, 'claims of host ports', ({ node, places }) =>
    places.map((place) => claimKey(node, place)),
  );
  const outcomes = graph.map(wants, 'host port outcomes', (want, key, fetch) =>
    outcomeOf({ want, key }, { wants, claims, services }, fetch),
  );
  return {
    ir: graph.map(outcomes, 'host ports', ({ want, places }, key): IrL4Service | undefined =>
      places.length === 0
        ? undefined
        : {
            kind: 'l4-service',
            key: `${podPrefix}${key}`,
            source: want.ref,
            generation: want.generation,
            node: want.node,
            frontends: [...places],
          },
    ),
    statuses: graph.map(outcomes, 'host port statuses', statusOf),
  };
}

function outcomeOf(
  { want, key }: { want: HostPortWant; key: string },
  others: {
    wants: Collection<HostPortWant>;
    claims: Collection<Group>;
    services: Collection<Group>;
  },
  fetch: Fetch,
): Outcome {
  const lost: string[] = [];
  const places = want.places.filter((place) => {
    const service = serviceAt(place, others.services, fetch);
    if (service !== undefined) {
      lost.push(`${placeText(place)} belongs to Service ${service}, which goes first`);
      return false;
    }
    const rivals = fetch(others.claims, claimKey(want.node, place));
    const older = (rivals === undefined || rivals.size < 2 ? [] : [...rivals.members()])
      .filter((member) => member !== key)
      .map((member) => ({ member, other: fetch(others.wants, member) }))
      .filter(({ other }) => other?.places.some((theirs) => overlaps(theirs, place)))
      .map(({ member, other }) => ({ member, createdAt: other?.createdAt ?? '' }))
      .sort(byAge)
      .find((rival) => byAge(rival, { member: key, createdAt: want.createdAt }) < 0);
    if (older === undefined) return true;
    lost.push(`${placeText(place)} of node ${want.node} belongs to Pod ${older.member}, which goes first`);
    return false;
  });
  return { want, places, lost };
}

interface Aged {
  readonly member: string;
  readonly createdAt: string;
}

function byAge(a: Aged, b: Aged): number {
  return compareText(a.createdAt, b.createdAt) || compareText(a.member, b.member);
}

/** The Services that ask for the very place, or for that port at every address of a node. */
function serviceAt(place: HostPlace, services: Collection<Group>, fetch: Fetch): string | undefined {
  const any = { ...place, address: anyAddressOf(place.address) };
  const found = [place, any].flatMap((at) => [...(fetch(services, frontendKey(at))?.members() ?? [])]);
  return found.length === 0 ? undefined : [...new Set(found)].sort(compareText).join(', ');
}

function statusOf({ want: { ref, uid, generation, unusable }, lost }: Outcome): StatusOutput | undefined {
  const conditions: TimelessCondition[] = [
    ...(lost.length === 0
      ? []
      : [
          condition('Pod.sluice.dev/HostPortConflicted', generation, {
            status: 'True',
            reason: 'AddressTaken',
            message: summarize(lost),
          }),
        ]),
    ...(unusable.length === 0
      ? []
      : [
          condition('Pod.sluice.dev/HostPortPartiallyInvalid', generation, {
            status: 'True',
            reason: 'UnsupportedValue',
            message: `nothing leads to the Pod from: ${summarize(unusable)}`,
          }),
        ]),
  ];
  return conditions.length === 0 ? undefined : { ref, uid, status: { conditions } };
}
