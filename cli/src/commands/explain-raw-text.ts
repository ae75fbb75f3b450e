// What a listener of a CiliumEnvoyConfig does with a request, for people.
import type { RawExplanation, RawOutcome, RawTarget } from '@sluice/envoy-resources/explain';
import { formatObjectRef } from '@sluice/ir';
import { formatTable } from '../output/table.ts';
import { type Causes, causeFacts, type Pair, pairs, shareText } from './explain-text.ts';

/** An explanation with the events behind it. */
export interface TracedRaw extends RawExplanation {
  readonly cause: Causes;
}

/** One explanation as lines; everything of users is escaped by the table. */
export function rawExplanationLines(explanation: TracedRaw): string[] {
  const { listener, name, addresses, filterChain, routes, virtualHost, path, route } = explanation;
  const winner = route === undefined ? undefined : explanation.candidates.at(-1);
  const facts: Pair[] = [
    ['of', formatObjectRef(listener.source)],
    ['listens on', addresses.join(', ')],
    ['listener', name],
  ];
  if (filterChain !== undefined) facts.push(['filter chain', filterChain]);
  if (routes !== undefined)
    facts.push(['routes', routes.resource === undefined ? `${routes.name} (in the listener)` : routes.name]);
  if (virtualHost !== undefined)
    facts.push(['virtual host', `${virtualHost.name}, domain ${virtualHost.domain}`]);
  if (path !== undefined) facts.push(['path', path]);
  if (winner !== undefined) facts.push(['route', winner.name], ['by', winner.match]);
  facts.push(...outcomeFacts(explanation.outcome), ...causeFacts(explanation.cause));
  for (const note of explanation.notes) facts.push(['mind', note]);
  return [...pairs(facts), ...losers(explanation)];
}

function outcomeFacts(outcome: RawOutcome): Pair[] {
  switch (outcome.type) {
    case 'refused': {
      const answer = outcome.status === null ? 'none: the connection is refused' : `${outcome.status}`;
      return [
        ['answer', answer],
        ['because', outcome.reason],
      ];
    }
    case 'undecided':
      return [['cannot say', outcome.reason]];
    case 'respond':
      return [['answer', `${outcome.status}: ${outcome.reason}`]];
    case 'redirect':
      return [['answer', `${outcome.status} to ${outcome.location}`]];
    case 'pass':
      return [
        ['passed on', 'as it is, below HTTP'],
        ...outcome.targets.map((target) => targetFact(target, '')),
      ];
    case 'forward': {
      const host = outcome.host === '' ? '' : `, Host ${outcome.host}`;
      return [['sent on as', outcome.path], ...outcome.targets.map((target) => targetFact(target, host))];
    }
  }
}

function targetFact({ cluster, share, service, endpoints }: RawTarget, host: string): Pair {
  const of = service === '' ? '' : `, Service port ${service},`;
  const where = endpoints.length === 0 ? ' without an endpoint' : ` at ${endpoints.join(', ')}`;
  return ['backend', `${shareText(share)} ${cluster}${of}${where}${host}`];
}

/** The one that takes it is the last that was asked. */
function losers({ candidates, route }: RawExplanation): string[] {
  const rows = (route === undefined ? candidates : candidates.slice(0, -1)).map(
    ({ name, match, holds, why }) => [name, match, holds === 'perhaps' ? `may take it first: ${why}` : why],
  );
  if (rows.length === 0) return [];
  return ['', ...formatTable({ head: ['NOT TAKEN', 'MATCH', 'WHY'], rows }).split('\n')];
}
