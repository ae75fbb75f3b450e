import type { ExplainRequest } from '@sluice/ir/explain';
import type { RequestRecord } from '../model/access-record.ts';
import type { LaterChange } from '../model/later-changes.ts';
import { explainDetails, explainFlags } from '../model/response-reasons.ts';
import { explanationOf, type Pair, pairs, type Traced } from './explain-text.ts';

/** A request that was served, and its explanation from the state that it was served from. */
export interface LoggedExplanation {
  readonly record: RequestRecord;
  /** Further records of the same id. */
  readonly others: number;
  /** Of the state that it is explained from, e.g. `1-45`; null where that is not retained. */
  readonly revision: string | null;
  /** Why it is not retained. */
  readonly gone?: string;
  /** The request as far as it was logged. */
  readonly request?: ExplainRequest;
  /** Does the explanation lead to the route of the record (`same`), and if not, to which. */
  readonly agrees?: { readonly answer: 'same' | 'other'; readonly explained: string | null };
  readonly explanation?: Traced;
  /** Changes of the route after the one that served the request. */
  readonly since?: { readonly count: number; readonly newest: readonly LaterChange[] };
}

/** The whole for people, as lines. */
export function loggedLines(of: LoggedExplanation): string[] {
  const { explanation, since } = of;
  const own = pairs([...recordFacts(of.record), ...sourceFacts(of)]);
  if (explanation === undefined) return own;
  const lines = ['', ...explanationOf(explanation, { logged: true })];
  return [...own, ...lines, ...(since === undefined ? [] : ['', ...sinceLines(since)])];
}

function recordFacts(record: RequestRecord): Pair[] {
  const { method, path, host, client, local, route, revision } = record;
  return [
    ['request id', record.request_id ?? ''],
    ['request', `${method ?? '(no method)'} ${path ?? '(no path)'}, Host ${host ?? '(none)'}`],
    [
      'served',
      `${record.time}, ${client ?? 'somebody'} to ${local ?? 'a listener'}, ${took(record.duration_ms)}`,
    ],
    ['answer', answerText(record)],
    ...explainFlags(record.flags).map((text): Pair => ['flag', text]),
    ...upstreamFacts(record),
    ['taken by', route === null ? 'no route' : `${route} as of revision ${revision ?? '(unknown)'}`],
  ];
}

function answerText({ status, details }: RequestRecord): string {
  const words = explainDetails(details);
  const code = status === 0 ? 'none: the client was gone before' : `${status}`;
  return words === undefined ? code : `${code}, ${words}`;
}

function upstreamFacts({
  upstream,
  upstream_cluster,
  upstream_ms,
  upstream_failure,
  attempts,
}: RequestRecord): Pair[] {
  const cluster = upstream_cluster === null ? '' : ` of ${upstream_cluster}`;
  if (upstream === null) return upstream_cluster === null ? [] : [['upstream', `no endpoint${cluster}`]];
  const tries = attempts === 1 ? '1 attempt' : `${attempts ?? 0} attempts`;
  const first = upstream_ms === null ? '' : `, its answer began after ${upstream_ms} ms`;
  return [
    ['upstream', `${upstream}${cluster}, ${tries}${first}`],
    ...(upstream_failure === null ? [] : [['failure', upstream_failure] as const]),
  ];
}

function took(ms: number | null): string {
  return ms === null ? 'duration unknown' : `${ms} ms`;
}

function sourceFacts({ record, others, revision, gone, agrees, request }: LoggedExplanation): Pair[] {
  const facts: Pair[] = [];
  if (others > 0) facts.push(['same id', `${others} earlier requests have this id, too: this is the newest`]);
  if (gone !== undefined) facts.push(['explained', `not possible: ${gone}`]);
  else if (revision !== null) facts.push(['explained', `as of revision ${revision}`]);
  if (request === undefined) return facts;
  const sni = request.tls === undefined ? '' : ' The SNI was not either: it is taken to be the host.';
  facts.push([
    'not logged',
    `its headers and query: where a match asks for them, the log's word counts.${sni}`,
  ]);
  if (agrees?.answer === 'other')
    facts.push([
      'differs',
      `from what was logged ${agrees.explained ?? 'no route'} would take it, but Envoy says ${record.route ?? 'no route'}: ` +
        'its headers or query decided, or Envoy had an older or newer revision then',
    ]);
  return facts;
}

function sinceLines({ count, newest }: NonNullable<LoggedExplanation['since']>): string[] {
  if (count === 0) return pairs([['since then', 'the route has not changed']]);
  const more = count > newest.length ? `, here the newest ${newest.length}` : '';
  const head: Pair = [
    'since then',
    `the route has changed ${count === 1 ? 'once' : `${count} times`}${more}`,
  ];
  return pairs([
    head,
    ...newest.map(({ revision, time, type, fact }): Pair => {
      const by = fact === undefined ? '' : `, by ${fact.type}, FACTS ${fact.seq}: ${fact.what}`;
      return ['', `${type === 'ResourceRemoved' ? 'removed in ' : ''}revision ${revision}, ${time}${by}`];
    }),
  ]);
}
