// An object in force, as the text of its event: a tenth of the memory that its fields take.
import type { FactOf, Origin } from '@sluice/events';
import { canonicalJson } from '@sluice/ir';
import { type KnownObject, kinds } from '@sluice/kinds';

type ObjectChanged = FactOf<'ObjectChanged'>;

const decoder = new TextDecoder();
const kindNames: ReadonlyMap<string, KnownObject['kind']> = new Map(
  kinds.flatMap(({ kind }) => (kind === 'Secret' ? [] : [[kind, kind]])),
);

export class HeldObject {
  readonly kind: KnownObject['kind'];
  readonly #text: string;

  /** @param data the event as it stands on the log, in canonical form; default: it is brought into that form */
  constructor(fact: ObjectChanged, data?: Uint8Array) {
    // The one text of that kind: the object's own would be held once for each.
    this.kind = kindNames.get(fact.object.kind) ?? fact.object.kind;
    this.#text = data === undefined ? canonicalJson(fact) : decoder.decode(data);
  }

  /** The event; made anew by each call, as are its parts. */
  get fact(): ObjectChanged {
    return JSON.parse(this.#text) as ObjectChanged;
  }

  get object(): KnownObject {
    return this.fact.object;
  }

  get origin(): Origin {
    return this.fact.origin;
  }
}
