import {
  type ExplainRequest,
  type Explanation,
  explainRequest,
  IrIndex,
  listenersFor,
} from '@sluice/ir/explain';
import type { CommandContext, ExitCode } from '../command.ts';
import { openConnection } from '../connection.ts';
import type { Moment } from '../model/find-moment.ts';
import { loadPastIr, type PastIr } from '../model/history.ts';
import { readRequestLine } from '../model/request-line.ts';
import { toJson } from '../output/escape.ts';
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
  const explanations = explainEverywhere(new IrIndex(ir.resources), request).map((found) => trace(found, ir));
  const { revision } = ir;
  const { terminal } = context;
  if (question.output === 'json') terminal.out(toJson({ revision: revision ?? null, request, explanations }));
  else for (const line of explanationLines({ revision, request, explanations })) terminal.out(line);
  return explanations.some(({ outcome }) => outcome.type !== 'refused') ? 0 : 1;
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
