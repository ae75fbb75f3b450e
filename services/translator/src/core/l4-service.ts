// Services as the datapath takes them. What comes in: what each asks for; what goes out: the IR of each, with the places
// that it alone may have. Of two Services that want one address, port and protocol the older has it, then the first by
// namespace and name; the other keeps the rest of what it asks for, and a condition says so. docs/adr/0021.
import type { Collection, Fetch, Graph, Group } from '@sluice/incremental';
import { compareText, type IrL4Frontend, type IrL4Service } from '@sluice/ir';
import type { Service } from '@sluice/kinds';
import { condition, summarize, type TimelessCondition } from './conditions.ts';
import { frontendKey, type L4Want, l4WantOf } from './l4-want.ts';
import type { L7Service } from './l7-service.ts';

/** What is read. */
export interface L4ServiceNeeds {
  readonly services: Collection<Service>;
  readonly l7: Collection<L7Service>;
  /** Prefixes of annotations that count. */
  readonly prefixes: readonly string[];
}

/** What such Services come to. By `<namespace>/<name>`. */
export interface L4ServicePart {
  readonly ir: Collection<IrL4Service>;
  /** Services by the places that they ask for, as `frontendKey` has them. */
  readonly claims: Collection<Group>;
  /** What each comes to, whether it has places in the end or not. */
  readonly outcomes: Collection<L4Outcome>;
  /** What is wrong with a Service; absent where nothing is. */
  readonly faults: Collection<L4Faults>;
  /** Service ports whose endpoints are needed, by `servicePortKey`. */
  readonly uses: Collection<number>;
}

/** What is wrong with a Service that goes on all the same. */
export interface L4Faults extends Pick<L4Want, 'ref' | 'uid'> {
  /** Never empty. */
  readonly conditions: readonly TimelessCondition[];
}

/** Translates them. */
export function l4Services(graph: Graph, { services, l7, prefixes }: L4ServiceNeeds): L4ServicePart {
  const wants = graph.map(services, 'l4 wants', (service, key, fetch) =>
    l4WantOf(service, fetch(l7, key), prefixes),
  );
  const claims = graph.indexBy(wants, 'claims of frontends', ({ frontends }) => frontends.map(frontendKey));
  const outcomes = graph.map(wants, 'l4 outcomes', (want, key, fetch) =>
    outcomeOf({ want, key, wants, claims }, fetch),
  );
  const ir = graph.map(outcomes, 'l4 services', ({ want, frontends }, key): IrL4Service | undefined =>
    frontends.length === 0
      ? undefined
      : {
          kind: 'l4-service',
          key,
          source: want.ref,
          generation: want.generation,
          frontends: [...frontends],
          ...want.settings,
        },
  );
  return {
    ir,
    claims,
    outcomes,
    faults: graph.map(outcomes, 'l4 faults', faultsOf),
    uses: graph.countBy(ir, 'endpoints used by l4 services', ({ frontends }) =>
      frontends.flatMap(groupsNeededBy),
    ),
  };
}

/** Service ports whose endpoints connections to a frontend may go to. */
function groupsNeededBy({ proxy, endpoints }: IrL4Frontend): string[] {
  if (proxy === undefined) return [endpoints];
  return 'dataPlanes' in proxy ? [proxy.dataPlanes, endpoints] : [];
}

/** What a Service comes to. */
export interface L4Outcome {
  readonly want: L4Want;
  /** Those that it has. */
  readonly frontends: readonly IrL4Frontend[];
  /** Those that others have, in words. */
  readonly lost: readonly string[];
}

function outcomeOf(
  of: { want: L4Want; key: string; wants: Collection<L4Want>; claims: Collection<Group> },
  fetch: Fetch,
): L4Outcome {
  const { want, key, wants, claims } = of;
  const lost: string[] = [];
  const frontends = want.frontends.filter((frontend) => {
    const rivals = fetch(claims, frontendKey(frontend));
    if (rivals === undefined || rivals.size < 2) return true;
    const winner = rivals
      .members()
      .map((member) => ({ member, createdAt: fetch(wants, member)?.createdAt ?? '' }))
      .sort((a, b) => compareText(a.createdAt, b.createdAt) || compareText(a.member, b.member))[0];
    if (winner === undefined || winner.member === key) return true;
    lost.push(`${textOf(frontend)} belongs to Service ${winner.member}, which goes first`);
    return false;
  });
  return { want, frontends, lost };
}

function textOf({ type, address, port, protocol }: IrL4Frontend): string {
  if (type === 'node-port') return `node port ${port}/${protocol}`;
  return `${address.includes(':') ? `[${address}]` : address}:${port}/${protocol}`;
}

function faultsOf({ want, lost }: L4Outcome): L4Faults | undefined {
  const { ref, uid, generation, unusable, annotations } = want;
  const invalid = [...unusable, ...annotations];
  const conditions = [
    ...(lost.length === 0
      ? []
      : [
          condition('Service.sluice.dev/L4Conflicted', generation, {
            status: 'True',
            reason: 'AddressTaken',
            message: summarize(lost),
          }),
        ]),
    ...(invalid.length === 0
      ? []
      : [
          condition('Service.sluice.dev/L4PartiallyInvalid', generation, {
            status: 'True',
            reason: unusable.length > 0 ? 'UnsupportedValue' : 'InvalidAnnotation',
            message: `the Service goes on without: ${summarize(invalid)}`,
          }),
        ]),
  ];
  return conditions.length === 0 ? undefined : { ref, uid, conditions };
}
