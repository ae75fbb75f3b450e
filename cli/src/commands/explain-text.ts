import { formatRevision, type Revision } from '@sluice/events';
import { formatObjectRef, gatewayLabel, type IrHttpMatch, type IrRetry } from '@sluice/ir';
import {
  type Candidate,
  type ExplainRequest,
  type Explanation,
  grpcStatusOf,
  isGrpc,
  type Mismatch,
  type Outcome,
  textOf,
  type Verdict,
} from '@sluice/ir/explain';
import { hostPort } from '../model/datapath.ts';
import type { PastIr } from '../model/history.ts';
import type { WayToEnvoy } from '../model/way-to-envoy.ts';
import { escapeText } from '../output/escape.ts';
import { formatTable } from '../output/table.ts';

/** The events behind a route. */
export interface Causes {
  readonly fact: ReturnType<PastIr['factOf']>;
  readonly change: ReturnType<PastIr['changeOf']>;
  readonly refusals: ReturnType<PastIr['refusalsOf']>;
}

/** An explanation with the events behind the route that takes the request. */
export interface Traced extends Explanation {
  readonly cause?: Causes;
}

/** A row of facts. */
export type Pair = readonly [head: string, text: string];

/** Explanations for people, as lines; everything of users is escaped by the table. */
export function explanationLines(of: {
  readonly revision: Revision | undefined;
  readonly request: ExplainRequest;
  /** How the kernel leads it to Envoy; absent: it is sent there. */
  readonly way?: WayToEnvoy;
  readonly explanations: readonly Traced[];
}): string[] {
  const { request } = of;
  const sni = request.tls === undefined ? '' : `, SNI ${request.tls.sni ?? '(none)'}`;
  const head = pairs([
    ['request', `${request.method} ${request.path}, Host ${request.host}${sni}`],
    [
      'as of',
      of.revision === undefined ? 'before the first revision' : `revision ${formatRevision(of.revision)}`,
    ],
    ...(of.way === undefined ? [] : [['datapath', wayText(of.way)] as const]),
  ]);
  const { headers } = request;
  return [
    ...head,
    ...of.explanations.flatMap((explanation) => ['', ...explanationOf(explanation, { headers })]),
  ];
}

function wayText({ service, frontend, socket, local }: WayToEnvoy): string {
  const envoy = local ? "the node's Envoy" : 'an Envoy of another node';
  return `${hostPort(frontend)} is the address of Service ${service}, and led to ${envoy} at ${hostPort(socket)}`;
}

/** One explanation as lines. `logged`: of a request whose headers and query are not known. */
export function explanationOf(
  explanation: Traced,
  { logged = false, headers = [] }: { logged?: boolean; headers?: ExplainRequest['headers'] } = {},
): string[] {
  const { hostname, path, candidates, shadowed, outcome, cause } = explanation;
  const winner = candidates.find(({ verdict }) => verdict.type === 'won');
  const facts = placeFacts(explanation);
  if (hostname !== undefined) facts.push(['hostname', hostText(hostname)]);
  if (path !== undefined) facts.push(['path', path]);
  if (winner !== undefined) facts.push(['route', routeText(winner)], ['by', matchText(winner.match)]);
  facts.push(...outcomeFacts(outcome, isGrpc(explanation, headers)), ...causeFacts(cause));
  for (const other of shadowed)
    facts.push(['not asked', `${other.routes.join(', ')}: ${hostText(other.hostname)} is less specific`]);
  return [...pairs(facts), ...losers(candidates, logged)];
}

/** Where something is served. */
export function placeFacts({ listener, server }: Pick<Explanation, 'listener' | 'server'>): Pair[] {
  const facts: Pair[] = [];
  if (listener !== undefined)
    facts.push(
      listener.gateway.includes(':') ? ['of', gatewayLabel(listener.gateway)] : ['gateway', listener.gateway],
      [
        'listens on',
        `${listener.addresses.join(', ') || 'its load balancer'} port ${portText(listener)}, ${listener.protocol}`,
      ],
    );
  if (server !== undefined) facts.push(['listener', `${server.name} for ${hostText(server.hostname)}`]);
  return facts;
}

/** What put a route there. */
export function causeFacts(cause: Causes | undefined): Pair[] {
  const facts: Pair[] = [];
  if (cause?.fact !== undefined)
    facts.push([
      'put there by',
      `${cause.fact.type}, FACTS ${cause.fact.seq}, ${cause.fact.time}${from(cause.fact.origin)}`,
    ]);
  if (cause?.change !== undefined)
    facts.push(['in force since', `revision ${cause.change.revision}, ${cause.change.time}`]);
  for (const { node, message } of cause?.refusals ?? [])
    facts.push(['but refused', `by Envoy ${node}, which keeps the version before: ${message}`]);
  return facts;
}

/** `0.125` → `12.5 %`. */
export function shareText(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

/** Facts as lines in two columns. */
export function pairs(of: readonly Pair[]): string[] {
  if (of.length === 0) return [];
  const [head = ['', ''], ...rows] = of.map((pair) => [...pair]);
  return formatTable({ head: head.map(escapeText), rows }).split('\n');
}

function portText({ port, bindPort }: { readonly port: number; readonly bindPort: number }): string {
  return port === bindPort ? `${port}` : `${port} (bound to ${bindPort})`;
}

function hostText(hostname: string): string {
  return hostname === '*' ? 'every host' : hostname;
}

function from(origin: string | undefined): string {
  return origin === undefined ? '' : `, ${origin}`;
}

function routeText({ source, rule, ruleName, id }: Candidate): string {
  const name = ruleName === undefined ? '' : ` (${ruleName})`;
  return `${formatObjectRef(source)}, rule ${rule}${name}, id ${id}`;
}

/** A match in words. */
function matchText({ path, method, headers, query }: IrHttpMatch): string {
  const parts = [
    `path ${textOf(path)}`,
    ...(method === undefined ? [] : [`method ${method}`]),
    ...headers.map(({ name, match }) => `header ${name}: ${textOf(match)}`),
    ...query.map(({ name, match }) => `query ${name}=${textOf(match)}`),
  ];
  return parts.join(', ');
}

/** `404`, or `404, to a gRPC client UNIMPLEMENTED`. */
function statusText(status: number, grpc: boolean): string {
  return grpc ? `${status}, to a gRPC client ${grpcStatusOf(status)}` : `${status}`;
}

function outcomeFacts(outcome: Outcome, grpc: boolean): Pair[] {
  switch (outcome.type) {
    case 'refused':
      return [
        [
          'answer',
          outcome.status === null ? 'none: the connection is refused' : statusText(outcome.status, grpc),
        ],
        ['because', outcome.reason],
      ];
    case 'respond':
      return [['answer', `${statusText(outcome.status, grpc)}: ${outcome.reason}`]];
    case 'redirect':
      return [['answer', `${outcome.status} to ${outcome.location}`]];
    case 'forward':
      return [
        ['sent on as', outcome.path],
        ...outcome.targets.map((target): Pair => {
          const where = target.endpoints.length === 0 ? '' : ` at ${target.endpoints.join(', ')}`;
          const name = target.cluster ?? 'an invalid reference';
          const answer = target.status === undefined ? '' : `, answered ${statusText(target.status, grpc)}`;
          return ['backend', `${shareText(target.share)} ${name}${where}, Host ${target.host}${answer}`];
        }),
        ...outcome.mirrors.map(
          ({ cluster, share }): Pair => ['copied', `${Math.round(share * 1e6) / 1e4} % to ${cluster}`],
        ),
        ...(outcome.retry === undefined ? [] : [retryFact(outcome.retry)]),
      ];
    case 'preflight': {
      const leave = outcome.allowed ? 'may ask' : 'is not among allowOrigins';
      return [
        ['answer', `${outcome.status} without a backend: a preflight request, ${outcome.origin} ${leave}`],
      ];
    }
  }
}

function retryFact({ attempts, codes }: IrRetry): Pair {
  const answers = codes.length === 0 ? '' : `, and after an answer of ${codes.join(', ')}`;
  return ['tried again', `up to ${attempts} times where no answer came${answers}`];
}

function losers(candidates: readonly Candidate[], logged: boolean): string[] {
  const rows = candidates
    .filter(({ verdict }) => verdict.type !== 'won')
    .map(({ id, match, verdict }) => [id, matchText(match), verdictText(verdict, logged)]);
  if (rows.length === 0) return [];
  return ['', ...formatTable({ head: ['NOT TAKEN', 'MATCH', 'WHY'], rows }).split('\n')];
}

function verdictText(verdict: Verdict, logged: boolean): string {
  if (verdict.type === 'won') return '';
  if (verdict.type === 'outranked') return `matches too, but the winner goes before it by ${verdict.step}`;
  return verdict.parts.map((part) => mismatchText(part, logged)).join('; ');
}

function mismatchText({ part, name, got }: Mismatch, logged: boolean): string {
  const what = name === '' ? part : `${part} ${name}`;
  if (logged && (part === 'header' || part === 'query')) return `${what} was not logged`;
  return got === undefined ? `there is no ${what}` : `${what} is ${got === '' ? 'empty' : got}`;
}
