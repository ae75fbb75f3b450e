// A resource whose bytes are made when they are first looked at: of thousands at once, Envoy works on the first while the
// last are still to be made.
import type { XdsKind } from './type-urls.ts';
import type { XdsResource } from './xds-resource.ts';

export class LateResource implements XdsResource {
  readonly kind: XdsKind;
  readonly name: string;
  #make: (() => XdsResource) | undefined;
  #made: XdsResource | undefined;

  /** @param make gives the resource of this kind and name; called once at most, and then let go */
  constructor(kind: XdsKind, name: string, make: () => XdsResource) {
    this.kind = kind;
    this.name = name;
    this.#make = make;
  }

  get isMade(): boolean {
    return this.#made !== undefined;
  }

  /** Makes it, where that was not done yet. */
  made(): XdsResource {
    this.#made ??= this.#make?.();
    this.#make = undefined;
    if (this.#made === undefined) throw new TypeError(`${this.kind} ${this.name} could not be made`);
    return this.#made;
  }

  get version(): string {
    return this.made().version;
  }

  get body(): Uint8Array {
    return this.made().body;
  }

  get uses(): XdsResource['uses'] {
    return this.made().uses;
  }

  get sources(): XdsResource['sources'] {
    return this.made().sources;
  }
}
