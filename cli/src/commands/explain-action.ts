import { explainRaw, type RawExplanation, RawIndex, type RawName } from '@sluice/envoy-resources/explain';
import type { EventLog } from '@sluice/event-log';
import {
  type ExplainRequest,
  type Explanation,
  explainRequest,
  IrIndex,
  listenersFor,
} from '@sluice/ir/explain';
import type { CommandContext, ExitCode } from '../command.ts';
import { loadFolded, openConnection } from '../connection.ts';
import { nodeOf } from '../model/datapath.ts';
import type { Moment } from '../model/find-moment.ts';
import { loadPastIr, type PastIr } from '../model/history.ts';
import { readRequestLine } from '../model/request-line.ts';
import { type WayToEnvoy, wayToEnvoy } from '../model/way-to-envoy.ts';
import { toJson } from '../output/escape.ts';
import { rawExplanationLines, type TracedRaw } from './explain-raw-text.ts';
import { explanationLines, type Traced } from './explain-text.ts';

/** Options of `sluice explain`. */
export interface ExplainOptions {
  readonly dataDir?: string;
  readonly header: readonly string[];
  readonly sni?: string;
  readonly at?: Moment;
  readonly output: 'table' | 'json';
}

interface Question extends ExplainOptions {
  readonly method: string;
  readonly url: string;
}

/** Prints how a request is routed. Findings (1): no route takes it anywhere. */
export async function runExplain(context: CommandContext, question: Question): Promise<ExitCode> {
  const request = readRequestLine(question);
  await using connection = await openConnection(context.config, question.dataDir);
  const ir = await loadPastIr(connection.log, question.at);
  const way = await wayThroughKernel(connection.log, ir, request);
  const sent = way === undefined ? request : { ...request, ...way.listener };
  const { explanations, raw } = explainAll(ir, sent);
  const { revision } = ir;
  const { terminal } = context;
  if (question.output === 'json')
    terminal.out(
      toJson({ revision: revision ?? null, request, ...(way && { datapath: way }), explanations, raw }),
    );
  else
    for (const line of [
      ...explanationLines({ revision, request, ...(way && { way }), explanations }),
      ...raw.flatMap((each) => ['', ...rawExplanationLines(each)]),
    ])
      terminal.out(line);
  return [...explanations, ...raw].some(({ outcome }) => outcome.type !== 'refused') ? 0 : 1;
}

/** Where an agent runs, and the request is sent to a Service's own address: how the kernel leads it to Envoy. */
async function wayThroughKernel(
  log: EventLog,
  ir: PastIr,
  request: ExplainRequest,
): Promise<WayToEnvoy | undefined> {
  if (request.address === undefined) return undefined;
  const { datapaths } = (await loadFolded(log, ['ACKS'])).world;
  return datapaths.size > 0 ? wayToEnvoy(ir.resources, nodeOf(datapaths.values()), request) : undefined;
}

/** What is told of a request: of the listeners of the model, and of those that a CiliumEnvoyConfig brings. */
export interface AllExplanations {
  readonly explanations: readonly Traced[];
  readonly raw: readonly TracedRaw[];
}

/** Explains a request everywhere it may be meant for. Where something takes it, places that refuse it are left out. */
export function explainAll(ir: PastIr, request: ExplainRequest): AllExplanations {
  const index = new IrIndex(ir.resources);
  const rawIndex = new RawIndex(ir.resources, (service) => index.endpointsOfService(service));
  const raw = explainRaw(rawIndex, request).map((found) => traceRaw(found, ir));
  const explanations = explainEverywhere(index, request).map((found) => trace(found, ir));
  if (raw.length === 0) return { explanations, raw };
  const taken = [...explanations, ...raw].some(({ outcome }) => outcome.type !== 'refused');
  return {
    explanations: explanations.filter(
      ({ outcome }) => outcome.type !== 'refused' || (!taken && outcome.cause !== 'no-listener'),
    ),
    raw: raw.filter(({ outcome }) => !taken || outcome.type !== 'refused'),
  };
}

/**
 * One explanation for each listener that the request may be meant for. Where some of them are for its host, those that
 * are not are left out.
 */
export function explainEverywhere(index: IrIndex, request: ExplainRequest): Explanation[] {
  const listeners = listenersFor(index, request);
  if (listeners.length <= 1) return [explainRequest(index, request)];
  const all = listeners.map(({ gateway, bindPort }) =>
    explainRequest(index, { ...request, gateway, port: bindPort }),
  );
  const meant = all.filter(({ outcome }) => outcome.type !== 'refused' || outcome.cause === 'no-match');
  return meant.length > 0 ? meant : all;
}

/** Adds the events behind the route that takes the request. */
export function trace(explanation: Explanation, ir: PastIr): Traced {
  const winner = explanation.candidates.find(({ verdict }) => verdict.type === 'won');
  if (winner === undefined) return explanation;
  const cause = {
    fact: ir.factOf(winner.source),
    change: ir.changeOf('http-route', winner.route),
    refusals: ir.refusalsOf(winner.source),
  };
  return { ...explanation, cause };
}

/** Adds the events behind the routes that a listener has, and behind the listener where it has them itself. */
function traceRaw(explanation: RawExplanation, ir: PastIr): TracedRaw {
  const { key, source }: RawName = explanation.routes?.resource ?? explanation.listener;
  const cause = {
    fact: ir.factOf(source),
    change: ir.changeOf('raw-resource', key),
    refusals: ir.refusalsOf(source),
  };
  return { ...explanation, cause };
}
