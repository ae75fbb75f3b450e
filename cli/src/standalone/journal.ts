import { appendFileSync } from 'node:fs';

/** What the supervisor did and saw: kept in a file, and told to whoever listens. */
export class Journal {
  readonly #file: string;
  readonly #listeners = new Set<(text: string) => void>();

  constructor(file: string) {
    this.#file = file;
  }

  /** One line, without a line feed. */
  note(text: string): void {
    appendFileSync(this.#file, `${new Date().toISOString()} ${text}\n`, { mode: 0o600 });
    for (const listener of this.#listeners) listener(text);
  }

  listen(listener: (text: string) => void): void {
    this.#listeners.add(listener);
  }
}
