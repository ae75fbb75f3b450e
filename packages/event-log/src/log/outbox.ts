// Writes events of which only the newest word on each subject matters: whatever piles up while the log is away or busy
// is at most one event for each subject.
import { type EventLog, LogError, type LogWriter, type NewEvent } from '../port.ts';

/** Opens the writer's lease when it has something to write, and keeps it. */
export class Outbox {
  readonly #log: EventLog;
  readonly #stream: string;
  readonly #writer: string;
  readonly #ready: Promise<void>;
  readonly #waiting = new Map<string, NewEvent>();
  readonly #failed: (error: unknown) => void;
  #running: Promise<void> | undefined;
  #lease: LogWriter | undefined;
  #incarnation = '';
  #closed = false;

  /**
   * @param options `failed` is called once an append can never succeed, e.g. fenced by a newer holder; `ready` resolves
   * when the stream is there
   */
  constructor(options: {
    readonly log: EventLog;
    readonly ready: Promise<void>;
    readonly stream: string;
    readonly writer: string;
    readonly failed: (error: unknown) => void;
  }) {
    this.#log = options.log;
    this.#ready = options.ready;
    this.#stream = options.stream;
    this.#writer = options.writer;
    this.#failed = options.failed;
  }

  /** Puts an event in, in place of an older one that waits on the same subject. */
  put(event: NewEvent): void {
    this.#waiting.delete(event.subject);
    this.#waiting.set(event.subject, event);
    this.#running ??= this.#drain();
  }

  /** Resolves when nothing waits. */
  async flushed(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** What still waits is given up. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#lease?.close();
  }

  /** A writer is fenced where somebody else took its lease, and where its stream was lost: only the first is for good. */
  async #append(events: readonly NewEvent[]): Promise<void> {
    for (;;) {
      try {
        this.#lease ??= await this.#open();
        await this.#lease.append(events);
        return;
      } catch (error) {
        const fenced = error instanceof LogError && error.code === 'fenced';
        if (!fenced || (await this.#log.info(this.#stream)).incarnation === this.#incarnation) throw error;
        this.#lease = undefined;
      }
    }
  }

  async #open(): Promise<LogWriter> {
    this.#incarnation = (await this.#log.info(this.#stream)).incarnation;
    return this.#log.openWriter(this.#stream, this.#writer);
  }

  async #drain(): Promise<void> {
    // What is put in one turn goes out in one batch.
    await this.#ready;
    try {
      while (this.#waiting.size > 0) {
        const events = [...this.#waiting.values()];
        this.#waiting.clear();
        await this.#append(events);
      }
    } catch (error) {
      if (!this.#closed) this.#failed(error);
    } finally {
      this.#running = undefined;
    }
  }
}
