import { formatRevision, type Revision } from '@sluice/events';
import { formatObjectRef } from '@sluice/ir';
import type { ConnectionExplanation, ConnectionTarget, ExplainConnection } from '@sluice/ir/explain';
import { formatTable } from '../output/table.ts';
import { type Causes, causeFacts, type Pair, pairs, placeFacts, shareText } from './explain-text.ts';

/** An explanation with the events behind the route that takes the connection. */
export interface TracedConnection extends ConnectionExplanation {
  readonly cause?: Causes;
}

/** Explanations for people, as lines; everything of users is escaped by the table. */
export function connectionLines(of: {
  readonly revision: Revision | undefined;
  readonly connection: ExplainConnection;
  readonly explanations: readonly TracedConnection[];
}): string[] {
  const { protocol, address, port, sni } = of.connection;
  const name = protocol === 'TLS' ? `, SNI ${sni ?? '(none)'}` : '';
  const head = pairs([
    ['connection', `${protocol} to ${address ?? 'any address'} port ${port}${name}`],
    [
      'as of',
      of.revision === undefined ? 'before the first revision' : `revision ${formatRevision(of.revision)}`,
    ],
  ]);
  return [...head, ...of.explanations.flatMap((explanation) => ['', ...explanationOf(explanation)])];
}

function explanationOf(explanation: TracedConnection): string[] {
  const { listener, hostname, route, targets, refused, cause } = explanation;
  const isTls = listener?.protocol === 'TLS' || listener?.protocol === 'HTTPS';
  const facts: Pair[] = [
    ...placeFacts(explanation),
    ...(hostname === undefined || !isTls ? [] : [hostnameFact(hostname)]),
    ...(route === undefined ? [] : [['route', formatObjectRef(route.source)] as const]),
    ...targets.map(targetFact),
    ...(refused === ''
      ? []
      : ([
          ['answer', 'none: it is refused'],
          ['because', refused],
        ] as const)),
    ...causeFacts(cause),
  ];
  return [...pairs(facts), ...losers(explanation)];
}

function hostnameFact(hostname: string): Pair {
  return ['hostname', hostname === '*' ? 'every name, and clients that send none' : hostname];
}

function targetFact({ service, share, endpoints }: ConnectionTarget): Pair {
  const where = endpoints.length === 0 ? ', refused' : ` at ${endpoints.join(', ')}`;
  return ['backend', `${shareText(share)} ${service ?? 'an invalid reference'}${where}`];
}

function losers({ losers: all }: ConnectionExplanation): string[] {
  if (all.length === 0) return [];
  const rows = all.map(({ source, why }) => [formatObjectRef(source), why]);
  return ['', ...formatTable({ head: ['NOT TAKEN', 'WHY'], rows }).split('\n')];
}
