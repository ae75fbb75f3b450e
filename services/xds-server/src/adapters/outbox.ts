// Writes events of which only the newest word on each subject matters: whatever piles up while the log is away or busy
// is at most one event for each subject.
import type { EventLog, LogWriter, NewEvent } from '@sluice/event-log';

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

  async #drain(): Promise<void> {
    // What is put in one turn goes out in one batch.
    await this.#ready;
    try {
      this.#lease ??= await this.#log.openWriter(this.#stream, this.#writer);
      while (this.#waiting.size > 0) {
        const events = [...this.#waiting.values()];
        this.#waiting.clear();
        await this.#lease.append(events);
      }
    } catch (error) {
      if (!this.#closed) this.#failed(error);
    } finally {
      this.#running = undefined;
    }
  }
}
