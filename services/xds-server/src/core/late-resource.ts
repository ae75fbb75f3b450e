// A resource whose bytes are made when they are first looked at: of thousands at once, Envoy works on the first while the
// last are still to be made.
import type { XdsKind } from './type-urls.ts';
import type { XdsResource } from './xds-resource.ts';

/** How a late resource is made. */
export interface Recipe {
  /** Gives the resource; called once at most, and then let go. */
  make(): XdsResource;
  /** What it leans on: asked for of all that wait, before they are made. */
  uses(): XdsResource['uses'];
}

export class LateResource implements XdsResource {
  readonly kind: XdsKind;
  readonly name: string;
  #uses: XdsResource['uses'] | undefined;
  #recipe: Recipe | undefined;
  #made: XdsResource | undefined;

  constructor(kind: XdsKind, name: string, recipe: Recipe) {
    this.kind = kind;
    this.name = name;
    this.#recipe = recipe;
  }

  get isMade(): boolean {
    return this.#made !== undefined;
  }

  /** Makes it, where that was not done yet. */
  made(): XdsResource {
    this.#made ??= this.#recipe?.make();
    this.#recipe = undefined;
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
    this.#uses ??= this.#made?.uses ?? this.#recipe?.uses() ?? [];
    return this.#uses;
  }

  get sources(): XdsResource['sources'] {
    return this.made().sources;
  }
}
