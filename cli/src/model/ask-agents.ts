// Asks the agents of nodes over NATS what no log holds, and waits for their answers.
import { randomBytes } from 'node:crypto';
import type { EventLog } from '@sluice/event-log';
import {
  type DatapathAnswer,
  type DatapathQuestion,
  datapathAnswerSubject,
  datapathAskSubject,
  decodeDatapathAnswer,
  encodeDatapathQuestion,
} from '@sluice/events';

/** How long an agent may take, milliseconds: one that counts 100,000 entries on a busy machine needs a second. */
const patienceMs = 5_000;

/** Answers by node; of a node whose agent does not answer in time there is none. */
export async function askAgents(
  log: Pick<EventLog, 'listen' | 'notify'>,
  of: {
    readonly nodes: readonly string[];
    readonly about: DatapathQuestion['about'];
    readonly waitMs?: number;
  },
): Promise<Map<string, DatapathAnswer>> {
  const answers = new Map<string, DatapathAnswer>();
  const waiting = new Set(of.nodes);
  if (waiting.size === 0) return answers;
  const id = randomBytes(16).toString('hex');
  const all = Promise.withResolvers<void>();
  const stop = log.listen(datapathAnswerSubject(id), (data) => {
    const answer = answerIn(data);
    if (answer === undefined || !waiting.delete(answer.node)) return;
    answers.set(answer.node, answer);
    if (waiting.size === 0) all.resolve();
  });
  const timer = setTimeout(all.resolve, of.waitMs ?? patienceMs);
  const question = encodeDatapathQuestion({ id, about: of.about });
  for (const node of of.nodes) log.notify(datapathAskSubject(node), question);
  await all.promise;
  clearTimeout(timer);
  stop();
  return answers;
}

function answerIn(data: Uint8Array): DatapathAnswer | undefined {
  try {
    return decodeDatapathAnswer(data);
  } catch {
    return undefined;
  }
}
