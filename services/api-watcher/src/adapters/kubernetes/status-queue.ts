import type { ObjectRef } from '@sluice/ir';
import { keyOf } from '../../core/keys.ts';
import { mayWriteAtMs, type Pace, said, written } from '../../core/status/pace.ts';

/** What was not written for so long has no pace any more, ms. */
const forgetMs = 6000;

/** Objects whose status may have to be written: each once, Gateways before routes, none while it is being written. */
export class StatusQueue {
  readonly #few = new Map<string, ObjectRef>();
  readonly #many = new Map<string, ObjectRef>();
  readonly #under = new Set<string>();
  readonly #paces = new Map<string, Pace>();

  /** When the next object may be written, ms; infinity where none waits. */
  nextAtMs = Number.POSITIVE_INFINITY;

  add(ref: ObjectRef): void {
    const key = keyOf(ref);
    const queue = ref.kind.endsWith('Route') ? this.#many : this.#few;
    if (!queue.has(key)) queue.set(key, ref);
    this.nextAtMs = 0;
  }

  /** Something new was said of the object: adds it, and counts it as still changing. */
  say(ref: ObjectRef, nowMs: number): void {
    const key = keyOf(ref);
    const pace = this.#paces.get(key);
    if (pace !== undefined) this.#paces.set(key, said(pace, nowMs));
    this.add(ref);
  }

  /** Takes the next object that may be written now; `done` gives it back. */
  next(nowMs: number): ObjectRef | undefined {
    let atMs = Number.POSITIVE_INFINITY;
    for (const queue of [this.#few, this.#many])
      for (const [key, ref] of queue) {
        if (this.#under.has(key)) continue;
        const mayMs = mayWriteAtMs(this.#paces.get(key));
        if (mayMs > nowMs) atMs = Math.min(atMs, mayMs);
        else {
          queue.delete(key);
          this.#under.add(key);
          return ref;
        }
      }
    this.nextAtMs = atMs;
    return undefined;
  }

  done(ref: ObjectRef): void {
    this.#under.delete(keyOf(ref));
    this.nextAtMs = 0;
  }

  /** The object is being written now. */
  wrote(ref: ObjectRef, nowMs: number): void {
    const key = keyOf(ref);
    this.#paces.set(key, written(this.#paces.get(key), nowMs));
    this.#forgetQuiet(nowMs);
  }

  #forgetQuiet(nowMs: number): void {
    if (this.#paces.size < 1024) return;
    for (const [key, { writtenMs }] of this.#paces) if (nowMs - writtenMs > forgetMs) this.#paces.delete(key);
  }
}
