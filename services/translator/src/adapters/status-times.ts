import { transitionTimesOf } from '../core/index.ts';

/** So many texts are looked at for one that equals a new one: objects that changed together have the same times. */
const shared = 8;

/** The times of the conditions of each status, as the next status of the object needs them. Held as text, mostly shared. */
export class StatusTimes {
  readonly #texts = new Map<string, string>();
  readonly #recent: string[] = [];
  #turn = 0;

  /** What `withTransitionTimes` takes as the status before; undefined where none is known. */
  get(key: string): unknown {
    const text = this.#texts.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  set(key: string, status: unknown): void {
    const times = transitionTimesOf(status);
    if (times === undefined) this.#texts.delete(key);
    else this.#texts.set(key, this.#share(JSON.stringify(times)));
  }

  delete(key: string): void {
    this.#texts.delete(key);
  }

  clear(): void {
    this.#texts.clear();
  }

  #share(text: string): string {
    const known = this.#recent.find((recent) => recent === text);
    if (known !== undefined) return known;
    this.#recent[this.#turn] = text;
    this.#turn = (this.#turn + 1) % shared;
    return text;
  }
}
