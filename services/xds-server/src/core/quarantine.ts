// Resources that an Envoy refused, by Envoy: a refused version is not sent to that Envoy again, and the last version it
// accepted stays in force. Survives restarts: the owner keeps the entries and tells them at the start.
import type { Revision } from '@sluice/events';
import type { XdsKind } from './type-urls.ts';
import type { XdsResource } from './xds-resource.ts';

/** A refusal in force. */
export interface Refusal {
  readonly node: string;
  readonly kind: XdsKind;
  readonly name: string;
  /** The refused version. */
  readonly version: string;
  /** Envoy's words. */
  readonly message: string;
  readonly revision: Revision;
  /** The refused resource; undefined after a restart. */
  readonly resource: XdsResource | undefined;
  /** What the Envoy holds instead: sent to it when it comes back without it. */
  readonly lastGood: XdsResource | undefined;
}

function idOf(node: string, kind: XdsKind, name: string): string {
  return JSON.stringify([node, kind, name]);
}

/** All refusals in force. */
export class Quarantine {
  readonly #refusals: Map<string, Refusal>;

  constructor(refusals: Iterable<Refusal> = []) {
    this.#refusals = new Map(
      [...refusals].map((refusal) => [idOf(refusal.node, refusal.kind, refusal.name), refusal]),
    );
  }

  get(node: string, kind: XdsKind, name: string): Refusal | undefined {
    return this.#refusals.get(idOf(node, kind, name));
  }

  /** Puts a refusal in force, in place of an older one of the same resource. */
  add(refusal: Refusal): void {
    this.#refusals.set(idOf(refusal.node, refusal.kind, refusal.name), refusal);
  }

  /** Lifts a refusal; undefined where there was none. */
  remove(node: string, kind: XdsKind, name: string): Refusal | undefined {
    const id = idOf(node, kind, name);
    const refusal = this.#refusals.get(id);
    this.#refusals.delete(id);
    return refusal;
  }

  /** The refusals of a resource by any Envoy. */
  ofResource(kind: XdsKind, name: string): Refusal[] {
    return [...this.#refusals.values()].filter((refusal) => refusal.kind === kind && refusal.name === name);
  }

  /** The last good version that an Envoy keeps of a resource whose present version it refuses; undefined where none is known. */
  lastGoodOf(kind: XdsKind, name: string, version: string): XdsResource | undefined {
    return this.ofResource(kind, name).find(
      (refusal) => refusal.version === version && refusal.lastGood !== undefined,
    )?.lastGood;
  }

  get size(): number {
    return this.#refusals.size;
  }
}
