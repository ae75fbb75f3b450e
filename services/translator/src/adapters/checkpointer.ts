import type { EventLog, LogWriter } from '@sluice/event-log';
import type { Logger } from '@sluice/service-kit';

/** When checkpoints are written. */
export interface CheckpointSettings {
  /** Events between two checkpoints of a stream; 0: never. */
  readonly every: number;
  /** Drop what a checkpoint stands for. */
  readonly purge: boolean;
  /** A checkpoint that is due waits for so long without events, milliseconds; at most for `every` more events. */
  readonly quietMs: number;
}

/** In production a checkpoint reads the whole stream while nobody waits for anything. */
export const productionQuietMs = 5_000;

/** Writes checkpoints of a stream beside the work, so that readers that start do not read everything. */
export class Checkpointer {
  readonly #log: EventLog;
  readonly #logger: Logger;
  readonly #settings: CheckpointSettings;
  readonly #counts = new Map<string, number>();
  readonly #running = new Set<string>();
  readonly #waiting = new Map<string, NodeJS.Timeout>();

  constructor(of: { log: EventLog; logger: Logger; settings: CheckpointSettings }) {
    this.#log = of.log;
    this.#logger = of.logger;
    this.#settings = of.settings;
  }

  /** Counts events of a stream; begins a checkpoint when it is time and none is being written. */
  count(stream: 'FACTS' | 'IR', events: number, writer: () => Promise<LogWriter>): void {
    const { every, quietMs } = this.#settings;
    const count = (this.#counts.get(stream) ?? 0) + events;
    this.#counts.set(stream, count);
    if (every === 0 || events === 0 || count < every) return;
    clearTimeout(this.#waiting.get(stream));
    const begin = (): void => this.#begin(stream, writer);
    if (count >= 2 * every) begin();
    else this.#waiting.set(stream, setTimeout(begin, quietMs).unref());
  }

  /** Begins no checkpoint any more. */
  stop(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }

  #begin(stream: 'FACTS' | 'IR', writer: () => Promise<LogWriter>): void {
    if (this.#running.has(stream)) return;
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
