import { ask } from './peer-client.ts';
import type { AskOptions, StreamResult } from './peer-protocol.ts';

/** Connects, asks and closes again and again until `stop`. */
export class Stream {
  #answered = 0;
  readonly #errors: Record<string, number> = {};
  readonly #servers: Record<string, number> = {};
  #isStopped = false;
  readonly #ended: Promise<void>;

  constructor(options: AskOptions) {
    this.#ended = this.#run(options);
  }

  result(): StreamResult {
    return { answered: this.#answered, errors: this.#errors, servers: this.#servers };
  }

  async stop(): Promise<StreamResult> {
    this.#isStopped = true;
    await this.#ended;
    return this.result();
  }

  async #run(options: AskOptions): Promise<void> {
    while (!this.#isStopped) {
      const { answer, error } = await ask(options);
      if (answer === undefined) this.#errors[error] = (this.#errors[error] ?? 0) + 1;
      else {
        this.#answered += 1;
        this.#servers[answer.name] = (this.#servers[answer.name] ?? 0) + 1;
      }
    }
  }
}
