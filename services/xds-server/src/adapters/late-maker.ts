import { LateResource } from '../core/late-resource.ts';
import type { XdsChange } from '../core/xds-resource.ts';

/** How many are made before Envoys are listened to again: about a millisecond. */
const atOnce = 32;

/** Makes late resources in their order while nothing else is to be done, so that they are there when an Envoy is sent them. */
export class LateMaker {
  #waiting: LateResource[] = [];
  #running = false;

  /** Takes what is to be made yet. */
  add(changes: readonly XdsChange[]): void {
    for (const { resource } of changes)
      if (resource instanceof LateResource && !resource.isMade) this.#waiting.push(resource);
    if (this.#running || this.#waiting.length === 0) return;
    this.#running = true;
    setImmediate(() => this.#work());
  }

  /** Leaves undone what waits. */
  stop(): void {
    this.#waiting = [];
  }

  #work(): void {
    for (const resource of this.#waiting.splice(0, atOnce)) resource.made();
    if (this.#waiting.length > 0) setImmediate(() => this.#work());
    else this.#running = false;
  }
}
