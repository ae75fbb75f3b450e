// A source that is read while nobody asks for it yet: the log takes longer to be opened than the first files to be read.
import type { Source, SourceUpdate } from '../core/source.ts';

/** Updates that may wait to be asked for; then the source rests. */
const maxWaiting = 8;

/** Gives the updates of another source, which it reads from `begin` on. For one reader. */
export class BegunSource implements Source {
  readonly #source: Source;
  readonly #waiting: SourceUpdate[] = [];
  readonly #ended = new AbortController();
  #reading: Promise<void> | undefined;
  #news = Promise.withResolvers<void>();
  #room = Promise.withResolvers<void>();
  /** Set once no further update comes. */
  #end: { readonly error?: unknown } | undefined;

  constructor(source: Source) {
    this.#source = source;
  }

  /** Begins to read, until `signal` aborts. What fails is told to the reader of `updates`. */
  begin(signal: AbortSignal): void {
    this.#reading ??= this.#read(AbortSignal.any([signal, this.#ended.signal])).then(
      () => this.#close({}),
      (error: unknown) => this.#close({ error }),
    );
  }

  /** Begins to read where that was not done. */
  async *updates(signal: AbortSignal): AsyncGenerator<SourceUpdate> {
    this.begin(signal);
    const end = (): void => this.#ended.abort();
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    try {
      for (;;) {
        const update = this.#waiting.shift();
        this.#room.resolve();
        if (update !== undefined) yield update;
        else if (this.#end !== undefined) break;
        else await this.#next();
      }
      if (this.#end !== undefined && 'error' in this.#end) throw this.#end.error;
    } finally {
      signal.removeEventListener('abort', end);
      end();
      await this.#reading;
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const wake = (): void => this.#room.resolve();
    signal.addEventListener('abort', wake);
    for await (const update of this.#source.updates(signal)) {
      this.#waiting.push(update);
      this.#news.resolve();
      while (this.#waiting.length >= maxWaiting && !signal.aborted) {
        this.#room = Promise.withResolvers();
        await this.#room.promise;
      }
      if (signal.aborted) return;
    }
  }

  async #next(): Promise<void> {
    this.#news = Promise.withResolvers();
    await this.#news.promise;
  }

  #close(end: { readonly error?: unknown }): void {
    this.#end = end;
    this.#news.resolve();
  }
}
