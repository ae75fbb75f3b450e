// ListenerSets of a Gateway. What comes in: a Gateway, the sets that name it and the labels of their namespaces; what goes
// out: which of them are attached, in the order of precedence, and why the others are not. Gateway API v1.6.3
// ListenerSetSpec.parentRef, GatewaySpec.allowedListeners.
import type { Collection, Fetch, Graph, Group } from '@sluice/incremental';
import type { ObjectRef } from '@sluice/ir';
import {
  type Gateway,
  gatewayGroup,
  type ListenerSet,
  type Namespace,
  namespaceNameLabel,
  selectorMatches,
} from '@sluice/kinds';
import { objectKey } from './keys.ts';

/** A set that names a Gateway of ours. */
export interface SetModel {
  readonly key: string;
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly generation: number;
  /** Why it is not attached; the empty string where it is. */
  readonly notAllowed: string;
}

/** A set with its listeners. */
export interface JudgedSet {
  readonly model: SetModel;
  readonly set: ListenerSet;
}

/** What judging sets reads. */
export interface ListenerSetNeeds {
  readonly listenerSets: Collection<ListenerSet>;
  /** Sets by the Gateway that they name. */
  readonly setsByGateway: Collection<Group>;
  /** Labels of Namespaces by `/<name>`. */
  readonly labels: Collection<Readonly<Record<string, string>>>;
}

/** The key of the Gateway that a set names; undefined where it names something else. */
export function parentOf({ metadata, spec }: ListenerSet): string | undefined {
  const { group, kind, namespace, name } = spec.parentRef;
  return group === gatewayGroup && kind === 'Gateway'
    ? objectKey(namespace ?? metadata.namespace, name)
    : undefined;
}

/** Sets by the Gateway that they name. */
export function setsByGateway(graph: Graph, sets: Collection<ListenerSet>): Collection<Group> {
  return graph.indexBy(sets, 'listener sets by gateway', (set) => {
    const parent = parentOf(set);
    return parent === undefined ? [] : [parent];
  });
}

/** Labels of Namespaces by `/<name>`, each with its own name among them. */
export function namespaceLabels(
  graph: Graph,
  namespaces: Collection<Namespace>,
): Collection<Readonly<Record<string, string>>> {
  return graph.map(namespaces, 'namespace labels', ({ metadata }) => ({
    ...metadata.labels,
    [namespaceNameLabel]: metadata.name,
  }));
}

/** The sets that name a Gateway: the oldest first, then by namespace/name. */
export function judgeSets(
  { gateway, key }: { gateway: Gateway; key: string },
  needs: ListenerSetNeeds,
  fetch: Fetch,
): JudgedSet[] {
  const members = fetch(needs.setsByGateway, key)?.members() ?? [];
  return members
    .flatMap((member) => {
      const set = fetch(needs.listenerSets, member);
      return set === undefined ? [] : [{ set, model: modelOf({ set, key: member, gateway }, needs, fetch) }];
    })
    .sort((a, b) => (precedes(a, b) ? -1 : 1));
}

function precedes(a: JudgedSet, b: JudgedSet): boolean {
  const [first, second] = [a.set.metadata.creationTimestamp, b.set.metadata.creationTimestamp];
  return first === second ? a.model.key < b.model.key : first < second;
}

function modelOf(
  { set, key, gateway }: { set: ListenerSet; key: string; gateway: Gateway },
  needs: ListenerSetNeeds,
  fetch: Fetch,
): SetModel {
  const { namespace, name, uid, generation } = set.metadata;
  const notAllowed = isAllowed({ gateway, namespace }, needs, fetch)
    ? ''
    : `allowedListeners of Gateway ${gateway.metadata.namespace}/${gateway.metadata.name} takes no ListenerSet of namespace ${namespace}`;
  return {
    key,
    ref: { group: gatewayGroup, kind: 'ListenerSet', namespace, name },
    uid,
    generation,
    notAllowed,
  };
}

function isAllowed(
  { gateway, namespace }: { gateway: Gateway; namespace: string },
  needs: ListenerSetNeeds,
  fetch: Fetch,
): boolean {
  const { from = 'None', selector } = gateway.spec.allowedListeners?.namespaces ?? {};
  switch (from) {
    case 'All':
      return true;
    case 'None':
      return false;
    case 'Same':
      return gateway.metadata.namespace === namespace;
    case 'Selector': {
      const labels = fetch(needs.labels, objectKey('', namespace)) ?? { [namespaceNameLabel]: namespace };
      return selector !== undefined && selectorMatches(selector, labels);
    }
  }
}
