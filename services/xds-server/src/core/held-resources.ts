// What an Envoy has accepted of one kind, with a count of what it leans on: whether a cluster is still in use must not
// take a look at every resource.
import type { XdsResource } from './xds-resource.ts';

/** What an Envoy holds under a name. */
export interface Held {
  readonly version: string;
  /** Undefined where the Envoy brought it along and we do not know that version. */
  readonly resource: XdsResource | undefined;
}

/** Name → what is held. */
export class HeldResources extends Map<string, Held> {
  readonly #users = new Map<string, number>();
  #unknown = 0;

  override set(name: string, held: Held): this {
    this.#count(this.get(name), -1);
    this.#count(held, 1);
    return super.set(name, held);
  }

  override delete(name: string): boolean {
    this.#count(this.get(name), -1);
    return super.delete(name);
  }

  override clear(): void {
    this.#users.clear();
    this.#unknown = 0;
    super.clear();
  }

  /** True where something is held in a version that is not known here. */
  get hasUnknown(): boolean {
    return this.#unknown > 0;
  }

  /** True where a resource names `used`, or is of an unknown version and so may. */
  mayUse(used: string): boolean {
    return this.#unknown > 0 || this.#users.has(used);
  }

  #count(held: Held | undefined, difference: 1 | -1): void {
    if (held === undefined) return;
    if (held.resource === undefined) this.#unknown += difference;
    for (const { name } of held.resource?.uses ?? []) {
      const users = (this.#users.get(name) ?? 0) + difference;
      if (users === 0) this.#users.delete(name);
      else this.#users.set(name, users);
    }
  }
}
