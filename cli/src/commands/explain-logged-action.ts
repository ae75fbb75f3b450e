import { join } from 'node:path';
import { formatRevision } from '@sluice/events';
import { type Explanation, explainRequest, IrIndex } from '@sluice/ir/explain';
import type { CommandContext, ExitCode } from '../command.ts';
import { type Connection, openConnection } from '../connection.ts';
import { accessLogName } from '../model/access-log.ts';
import type { RequestRecord } from '../model/access-record.ts';
import { findRequest, reachOf } from '../model/find-request.ts';
import type { PastIr } from '../model/history.ts';
import { laterChanges } from '../model/later-changes.ts';
import { loadIrOf, requestOf, routeKeyOf } from '../model/logged-request.ts';
import { toJson } from '../output/escape.ts';
import { UserError } from '../standalone/settings.ts';
import { trace } from './explain-action.ts';
import { type LoggedExplanation, loggedLines } from './explain-logged-text.ts';

/** Options of `sluice explain --request-id ID`. */
export interface LoggedOptions {
  readonly dataDir?: string;
  readonly output: 'table' | 'json';
}

/** Prints how a request that was served was routed, and since which change. Findings (1): no route took it. */
export async function runExplainLogged(
  context: CommandContext,
  { id, dataDir, output }: LoggedOptions & { readonly id: string },
): Promise<ExitCode> {
  await using connection = await openConnection(context.config, dataDir);
  const { log: directory } = connection.found.layout;
  const found = await findRequest(directory, id);
  if (found === undefined) throw await notFound(directory, id);
  const explained = await explainRecord(connection, found.record);
  const answer: LoggedExplanation = { ...found, ...explained };
  if (output === 'json') context.terminal.out(toJson(answer));
  else for (const line of loggedLines(answer)) context.terminal.out(line);
  return found.record.route === null ? 1 : 0;
}

/** What an explanation of a record consists of beside the record itself. */
export type ExplainedRecord = Omit<LoggedExplanation, 'record' | 'others'>;

/** Explains a record from the state of the log that it was served from. */
export async function explainRecord(
  { log }: Pick<Connection, 'log'>,
  record: RequestRecord,
): Promise<ExplainedRecord> {
  let ir: PastIr;
  try {
    ir = await loadIrOf(log, record);
  } catch (error) {
    return { revision: null, gone: error instanceof Error ? error.message : String(error) };
  }
  const request = requestOf(record, ir.resources);
  const revision = ir.revision === undefined ? null : formatRevision(ir.revision);
  const since = await changesSince({ log }, record, ir);
  const base = { revision, ...(since === undefined ? {} : { since }) };
  if (request === undefined) return base;
  const explanation = explainRequest(new IrIndex(ir.resources), request);
  return {
    ...base,
    request,
    agrees: agreement(record, explanation),
    explanation: trace(explanation, ir),
  };
}

async function changesSince({ log }: Pick<Connection, 'log'>, { route }: RequestRecord, ir: PastIr) {
  if (route === null) return undefined;
  const key = routeKeyOf(route);
  const put = ir.changeOf('http-route', key);
  return put === undefined ? undefined : laterChanges(log, { route: key, afterSeq: put.seq });
}

/** Does the explanation lead to the route of the record, and was that clear without headers and query? */
function agreement(
  { route }: RequestRecord,
  { candidates }: Explanation,
): NonNullable<LoggedExplanation['agrees']> {
  const winner = candidates.find(({ verdict }) => verdict.type === 'won');
  return { answer: (winner?.id ?? null) === route ? 'same' : 'other', explained: winner?.id ?? null };
}

async function notFound(directory: string, id: string): Promise<UserError> {
  const { count, oldest } = await reachOf(directory);
  const reach =
    oldest === undefined ? 'which is empty' : `${count} requests and connections back to ${oldest}`;
  return new UserError(
    `no request with the id ${id} is in the access log, ${reach}`,
    `the id is the x-request-id of the response: one that a client sends is replaced. A request is logged when it has ended; ` +
      `the newest 48 to 64 MiB are kept, in ${join(directory, accessLogName)} and its .1 to .3`,
  );
}
