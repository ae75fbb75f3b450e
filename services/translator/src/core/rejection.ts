// Rejections by the data plane. What comes in: ResourceRejected facts; what goes out: for each object the refusals
// that concern it, in the data plane's own words.
import type { FactOf } from '@sluice/events';
import type { Collection, Fetch, Graph, Group } from '@sluice/incremental';
import type { ObjectRef } from '@sluice/ir';
import { gatewayGroup } from '@sluice/kinds';
import { objectKey, refKey } from './keys.ts';

/** Rejections by the object they come from. */
export interface RejectionTable {
  readonly facts: Collection<FactOf<'ResourceRejected'>>;
  readonly bySource: Collection<Group>;
}

/** Makes the table. */
export function rejectionTable(graph: Graph, facts: Collection<FactOf<'ResourceRejected'>>): RejectionTable {
  return {
    facts,
    bySource: graph.indexBy(facts, 'rejections by source', (fact) => fact.sources.map(refKey)),
  };
}

/** Rejections of routes of one kind by `<namespace>/<name>`: a route that reads those of its own key holds no note of it. */
export function rejectionsOfRoutes(graph: Graph, { facts }: RejectionTable, kind: string): Collection<Group> {
  return graph.indexBy(facts, `rejections of ${kind}s`, ({ sources }) =>
    sources
      .filter((source) => source.group === gatewayGroup && source.kind === kind)
      .map(({ namespace, name }) => objectKey(namespace, name)),
  );
}

/** What the data plane refused of an object, one sentence each, sorted. */
export function rejectionsOf(table: RejectionTable, ref: ObjectRef, fetch: Fetch): string[] {
  return sentencesOf(table, fetch(table.bySource, refKey(ref)), fetch);
}

/** The same of a group of rejections. */
export function sentencesOf(table: RejectionTable, group: Group | undefined, fetch: Fetch): string[] {
  const members = group?.members() ?? [];
  const facts = members.map((member) => fetch(table.facts, member)).filter((fact) => fact !== undefined);
  return facts.map((fact) => `Envoy ${fact.node} refused ${fact.resource}: ${fact.message}`).sort();
}
