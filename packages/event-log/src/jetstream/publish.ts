import { headers, type MsgHdrs, nuid } from '@nats-io/transport-node';
import { type Expectation, type PublishOutcome, Unavailable } from '../backend.ts';
import type { OutMessage } from '../model/message.ts';
import { LogError } from '../port.ts';
import { apiCodes, type Connection } from './connection.ts';

const timeoutMs = 10_000;

interface PubAnswer {
  readonly seq?: number;
  readonly count?: number;
  readonly error?: { readonly code: number; readonly err_code: number; readonly description: string };
}

/**
 * Publishes one message with an id, or several as an atomic batch. In a batch the expectation stands on the first
 * message, and the server checks it when it commits; an id there would refuse the whole batch.
 */
export async function publish(
  connection: Connection,
  messages: readonly OutMessage[],
  options: { id: string; expect?: Expectation },
): Promise<PublishOutcome> {
  const last = messages.at(-1);
  if (last === undefined) throw new TypeError('nothing to publish');
  if (messages.length > 1 && options.expect !== undefined && 'lastId' in options.expect)
    throw new TypeError('a batch cannot expect the id of the last message');
  connection.traffic();
  try {
    const answer = await connection.ask(async () => {
      const batch = nuid.next();
      messages.slice(0, -1).forEach((message, i) => {
        connection.nats.publish(message.subject, message.data, {
          headers: batchHeaders(message, { batch, index: i + 1, expect: options.expect }),
        });
      });
      const single = messages.length === 1;
      const lastHeaders = single
        ? plainHeaders(last, options.expect)
        : batchHeaders(last, { batch, index: messages.length });
      lastHeaders.set(single ? 'Nats-Msg-Id' : 'Nats-Batch-Commit', single ? options.id : '1');
      return await connection.requests.send(last.subject, last.data, { headers: lastHeaders, timeoutMs });
    });
    const outcome = outcomeOf(answer.json<PubAnswer>(), messages.length);
    const refusal =
      outcome.kind === 'unclear' ? connection.refusalOf(messages.map(({ subject }) => subject)) : undefined;
    if (refusal !== undefined) throw refusal;
    return outcome;
  } catch (error) {
    if (error instanceof Unavailable) return { kind: 'unclear', cause: error };
    throw error;
  }
}

/**
 * Publishes messages one by one without waiting in between. Each but the first expects the one before it as the last
 * of the stream, so that nothing is stored after one that was not, and nothing once the expectation of the first is void.
 */
export async function publishInTurn(
  connection: Connection,
  messages: readonly OutMessage[],
  options: { ids: readonly string[]; expect: Expectation },
): Promise<PublishOutcome> {
  connection.traffic();
  try {
    const answers = await connection.ask(() =>
      Promise.all(
        messages.map((message, i) => {
          const expect = i === 0 ? options.expect : { lastId: options.ids[i - 1] ?? '' };
          const hdrs = plainHeaders(message, expect);
          hdrs.set('Nats-Msg-Id', options.ids[i] ?? '');
          return connection.requests.send(message.subject, message.data, { headers: hdrs, timeoutMs });
        }),
      ),
    );
    const outcomes = answers.map((answer) => outcomeOf(answer.json<PubAnswer>(), 1));
    const failed = outcomes.findIndex((outcome) => outcome.kind !== 'stored');
    const outcome = outcomes.at(failed);
    if (outcome === undefined || failed > 0) return { kind: 'unclear', cause: 'only the first were stored' };
    return outcome;
  } catch (error) {
    if (error instanceof Unavailable) return { kind: 'unclear', cause: error };
    throw error;
  }
}

function plainHeaders(message: OutMessage, expect: Expectation | undefined): MsgHdrs {
  const hdrs = headers();
  for (const [name, value] of message.headers) hdrs.set(name, value);
  if (expect === undefined) return hdrs;
  if ('lastId' in expect) hdrs.set('Nats-Expected-Last-Msg-Id', expect.lastId);
  else {
    hdrs.set('Nats-Expected-Last-Subject-Sequence', String(expect.seq));
    hdrs.set('Nats-Expected-Last-Subject-Sequence-Subject', expect.subject);
  }
  return hdrs;
}

function batchHeaders(
  message: OutMessage,
  at: { batch: string; index: number; expect?: Expectation | undefined },
): MsgHdrs {
  const hdrs = plainHeaders(message, at.index === 1 ? at.expect : undefined);
  hdrs.set('Nats-Batch-Id', at.batch);
  hdrs.set('Nats-Batch-Sequence', String(at.index));
  return hdrs;
}

const conflicts: readonly number[] = [
  apiCodes.wrongLastSequence,
  apiCodes.wrongLastSequenceConstant,
  apiCodes.wrongLastMessageId,
];

function outcomeOf(answer: PubAnswer, sent: number): PublishOutcome {
  const { error, seq, count } = answer;
  if (error === undefined && seq !== undefined && (sent === 1 || count === sent))
    return { kind: 'stored', lastSeq: seq };
  if (error === undefined)
    return { kind: 'unclear', cause: `the server acknowledged ${count ?? 0} of ${sent}` };
  if (conflicts.includes(error.err_code)) return { kind: 'conflict' };
  if (error.code >= 500 || error.code === 429 || error.err_code === apiCodes.batchIncomplete)
    return { kind: 'unclear', cause: error.description };
  throw new LogError('connection', `the server refused an append: ${error.description}`, {
    hint: 'See the log of the NATS server.',
  });
}
