import type { EventLog } from '@sluice/event-log';
import { type Connection, type ConnectionQuestion, maxAnswered } from '@sluice/events';
import { canonicalIp, compareText, type IrL4Frontend } from '@sluice/ir';
import { askAgents } from '../model/ask-agents.ts';
import { frontendKey, frontendsOf, hostPort, isOf, serviceAt } from '../model/datapath.ts';
import type { World } from '../model/world.ts';
import { UserError } from '../standalone/settings.ts';
import type { Shown } from './get-shown.ts';

/** Which connections: `name` and `namespace` are of Services, or of Pods with host ports. */
export interface ConntrackQuestion {
  readonly name: string | undefined;
  readonly namespace?: string;
  /** Address of the client; absent: any. */
  readonly client?: string;
  /** Of each node, at most. */
  readonly limit?: number;
}

/** A connection of a node, with the Service that it is of: `<namespace>/<name>`, of a Pod `Pod/<namespace>/<name>`, or empty where that is gone. */
interface Row extends Connection {
  readonly node: string;
  readonly service: string;
}

/**
 * Connections from outside that the nodes' programs translate, asked of the agents. Nodes that do not answer are in the notes.
 * @throws UserError where there is no agent, or the client is no address
 */
export async function showConntrack(
  log: EventLog,
  world: World,
  question: ConntrackQuestion,
): Promise<Shown & { readonly notes: readonly string[] }> {
  const nodes = [...world.datapaths.values()].flatMap(({ node, state }) =>
    state === 'running' ? [node] : [],
  );
  if (nodes.length === 0)
    throw new UserError('no agent of the datapath runs', '`sluice up DIR --datapath on` starts one');
  const frontends = frontendsOf([...world.ir.values()].map(({ resource }) => resource));
  const about = aboutOf(question, frontends);
  const answers = await askAgents(log, { nodes, about });
  const notes: string[] = [];
  const rows: Row[] = [];
  for (const node of nodes.sort(compareText)) {
    const answer = answers.get(node);
    if (answer === undefined) notes.push(`the agent of node ${node} does not answer`);
    else if (answer.kind === 'fault') notes.push(`node ${node}: ${answer.message}`);
    else if (answer.kind === 'conntrack') {
      const { connections, total } = answer;
      rows.push(
        ...connections.map((one) => ({
          node,
          service: serviceAt(frontends, { ...one, node }) ?? '',
          ...one,
        })),
      );
      if (total > connections.length)
        notes.push(`node ${node} has ${total}, of which ${connections.length} are shown: see --limit`);
    }
  }
  return { ...shownOf(rows), notes };
}

function aboutOf(
  asked: ConntrackQuestion,
  frontends: ReadonlyMap<string, { readonly service: string; readonly frontend: IrL4Frontend }>,
): ConnectionQuestion {
  const { name, namespace, client, limit = 100 } = asked;
  const address = client === undefined ? undefined : canonicalIp(client);
  if (client !== undefined && address === undefined)
    throw new UserError(`--client ${client} is no IP address`, 'write it as 192.0.2.7 or 2001:db8::7');
  const ofServices = [...frontends.values()].filter(({ service }) => isOf(service, asked));
  return {
    ...{ kind: 'conntrack', limit: Math.min(limit, maxAnswered) },
    ...(address === undefined ? {} : { client: address }),
    ...(name === undefined && namespace === undefined
      ? {}
      : {
          frontends: ofServices.map(({ frontend: { protocol, address: at, port } }) => ({
            ...{ protocol, address: at, port },
          })),
        }),
  };
}

function shownOf(rows: readonly Row[]): Shown {
  return {
    document: { connections: rows },
    head: ['NODE', 'SERVICE', 'CLIENT', 'FRONTEND', 'BACKEND', 'STATE', 'IDLE', 'NOTE'],
    rows: rows.map((row) => [
      row.node,
      row.service === '' ? '-' : row.service,
      hostPort(row.client),
      frontendKey(row),
      hostPort(row.backend),
      row.state,
      `${Math.round(row.idleMs / 1_000)} s`,
      row.nodePort === undefined ? '-' : `sent on from port ${row.nodePort} of this node`,
    ]),
  };
}
