import type { EventLog } from '@sluice/event-log';
import {
  type ConnectionExplanation,
  connectionListenersFor,
  type ExplainConnection,
  explainConnection,
  IrIndex,
} from '@sluice/ir/explain';
import type { CommandContext, ExitCode } from '../command.ts';
import { loadFolded, openConnection } from '../connection.ts';
import { type ConnectionLine, readConnectionLine } from '../model/connection-line.ts';
import { type FrontendView, frontendsFor, frontendViews, nodeOf } from '../model/datapath.ts';
import { loadPastIr, type PastIr } from '../model/history.ts';
import { toJson } from '../output/escape.ts';
import type { ExplainOptions } from './explain-action.ts';
import { connectionLines, type TracedConnection } from './explain-connection-text.ts';
import { serviceLines } from './explain-service-text.ts';

/** Prints which route takes a connection. Findings (1): it is refused. */
export async function runExplainConnection(
  context: CommandContext,
  question: ConnectionLine & Pick<ExplainOptions, 'at' | 'dataDir' | 'output'>,
): Promise<ExitCode> {
  const asked = readConnectionLine(question);
  await using connection = await openConnection(context.config, question.dataDir);
  const ir = await loadPastIr(connection.log, question.at);
  const explanations = explainAtListeners(new IrIndex(ir.resources), asked).map((each) => traced(each, ir));
  const { revision } = ir;
  const { terminal } = context;
  if (explanations.every(({ listener }) => listener === undefined)) {
    const views = await viewsOfService(connection.log, ir, asked);
    if (views.length > 0) return explainService(context, { ...question, asked, revision, views });
  }
  if (question.output === 'json')
    terminal.out(toJson({ revision: revision ?? null, connection: asked, explanations }));
  else for (const line of connectionLines({ revision, connection: asked, explanations })) terminal.out(line);
  return explanations.some(({ refused }) => refused === '') ? 0 : 1;
}

interface AtNode extends FrontendView {
  readonly node: string;
}

/** Where the address is a Service's own: what the kernel of a node does with it. */
async function viewsOfService(log: EventLog, ir: PastIr, asked: ExplainConnection): Promise<AtNode[]> {
  const { world } = await loadFolded(log, ['ACKS']);
  const node = nodeOf(world.datapaths.values());
  return frontendsFor(frontendViews(ir.resources, node, world.datapaths.values()), asked).map((view) => ({
    ...view,
    node: view.at?.node ?? node.name,
  }));
}

function explainService(
  { terminal }: CommandContext,
  of: Pick<ExplainOptions, 'output'> & {
    asked: ExplainConnection;
    revision: PastIr['revision'];
    views: readonly AtNode[];
  },
): ExitCode {
  const { output, asked: connection, revision, views } = of;
  const node = views[0]?.node ?? '';
  if (output === 'json')
    terminal.out(toJson({ revision: revision ?? null, connection, node, services: views }));
  else for (const line of serviceLines({ revision, connection, views, node })) terminal.out(line);
  return views.some(({ backends }) => backends.length > 0) ? 0 : 1;
}

/** One explanation for each listener that the connection may be meant for; where some of them take it, only those. */
export function explainAtListeners(index: IrIndex, asked: ExplainConnection): ConnectionExplanation[] {
  const listeners = connectionListenersFor(index, asked);
  if (listeners.length <= 1) return [explainConnection(index, asked)];
  const all = listeners.map(({ gateway, bindPort }) =>
    explainConnection(index, { ...asked, gateway, port: bindPort }),
  );
  const taken = all.filter(({ refused }) => refused === '');
  return taken.length > 0 ? taken : all;
}

/** Adds the events behind the route that takes the connection. */
export function traced(explanation: ConnectionExplanation, ir: PastIr): TracedConnection {
  const { route } = explanation;
  if (route === undefined) return explanation;
  const cause = {
    fact: ir.factOf(route.source),
    change: ir.changeOf('l4-route', route.key),
    refusals: ir.refusalsOf(route.source),
  };
  return { ...explanation, cause };
}
