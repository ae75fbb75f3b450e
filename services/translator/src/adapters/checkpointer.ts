import type { EventLog, LogWriter } from '@sluice/event-log';
import type { Logger } from '@sluice/service-kit';

/** When checkpoints are written. */
export interface CheckpointSettings {
  /** Events between two checkpoints of a stream; 0: never. */
  readonly every: number;
  /** Drop what a checkpoint stands for. */
  readonly purge: boolean;
}

/** Writes checkpoints of a stream beside the work, so that readers that start do not read everything. */
export class Checkpointer {
  readonly #log: EventLog;
  readonly #logger: Logger;
  readonly #settings: CheckpointSettings;
  readonly #counts = new Map<string, number>();
  readonly #running = new Set<string>();

  constructor(of: { log: EventLog; logger: Logger; settings: CheckpointSettings }) {
    this.#log = of.log;
    this.#logger = of.logger;
    this.#settings = of.settings;
  }

  /** Counts events of a stream; begins a checkpoint when it is time and none is being written. */
  count(stream: 'FACTS' | 'IR', events: number, writer: () => Promise<LogWriter>): void {
    const count = (this.#counts.get(stream) ?? 0) + events;
    this.#counts.set(stream, count);
    if (this.#settings.every === 0 || count < this.#settings.every || this.#running.has(stream)) return;
    this.#counts.set(stream, 0);
    this.#running.add(stream);
    void this.#write(stream, writer).finally(() => this.#running.delete(stream));
  }

  async #write(stream: string, writer: () => Promise<LogWriter>): Promise<void> {
    try {
      const { seq } = await this.#log.checkpoint(stream, await writer(), { purge: this.#settings.purge });
      this.#logger.info({ stream, seq }, 'checkpoint written');
    } catch (error) {
      this.#logger.warn({ stream, err: error }, 'checkpoint failed, next one later');
    }
  }
}
