// Answers what is asked of the agent: how full its maps are, and which connections its programs know. Questions come from anybody who may
// ask on NATS: they are done one after the other, few wait, and an answer is never longer than a message.
import type { EventLog } from '@sluice/event-log';
import {
  type Connection,
  type ConnectionQuestion,
  type DatapathAnswer,
  type DatapathQuestion,
  datapathAnswerSubject,
  datapathAskSubject,
  decodeDatapathQuestion,
  encodeDatapathAnswer,
  type Revision,
} from '@sluice/events';
import { connectionsIn, isAskedFor } from '../core/connections.ts';
import { type Kernel, KernelError } from '../core/kernel-port.ts';

export interface QuestionsOptions {
  readonly log: Pick<EventLog, 'listen' | 'notify'>;
  readonly kernel: Pick<Kernel, 'page' | 'fill' | 'lost'>;
  readonly node: string;
  /** The newest revision in the maps. */
  readonly revision: () => Revision | undefined;
}

/** Questions that wait; more are left without an answer. */
const mostWaiting = 16;

export class Questions {
  readonly #options: QuestionsOptions;
  #stopListening: (() => void) | undefined;
  #waiting = 0;
  #work: Promise<void> = Promise.resolve();

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  start(): void {
    const { log, node } = this.#options;
    this.#stopListening = log.listen(datapathAskSubject(node), (data) => this.#take(data));
  }

  /** Ends after what is being answered. */
  async stop(): Promise<void> {
    this.#stopListening?.();
    await this.#work;
  }

  #take(data: Uint8Array): void {
    const question = questionIn(data);
    if (question === undefined || this.#waiting >= mostWaiting) return;
    this.#waiting += 1;
    this.#work = this.#work.then(async () => {
      const answer = await this.#answer(question);
      this.#waiting -= 1;
      this.#options.log.notify(datapathAnswerSubject(question.id), encodeDatapathAnswer(answer));
    });
  }

  async #answer({ about }: DatapathQuestion): Promise<DatapathAnswer> {
    const { node } = this.#options;
    try {
      return about.kind === 'state' ? await this.#state() : await this.#connections(about);
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      return { kind: 'fault', node, message: error.message };
    }
  }

  async #state(): Promise<DatapathAnswer> {
    const { node, kernel, revision } = this.#options;
    const maps = await kernel.fill();
    const lost = Number(await kernel.lost());
    return { kind: 'state', node, revision: revision() ?? null, maps: [...maps], lost };
  }

  async #connections(asked: ConnectionQuestion): Promise<DatapathAnswer> {
    const { node, kernel } = this.#options;
    const connections: Connection[] = [];
    let total = 0;
    for (let from: Uint8Array | null = null; ; ) {
      const page = await kernel.page('lb_conntrack', from);
      const found = connectionsIn(page, process.hrtime.bigint()).filter((one) => isAskedFor(one, asked));
      total += found.length;
      connections.push(...found.slice(0, asked.limit - connections.length));
      if (page.next === null) break;
      from = page.next;
    }
    return { kind: 'conntrack', node, connections, total };
  }
}

function questionIn(data: Uint8Array): DatapathQuestion | undefined {
  try {
    return decodeDatapathQuestion(data);
  } catch {
    return undefined;
  }
}
