// An object as a source declared it. As long as it is in force unchanged, its text on the log stands for its fields: a
// text takes a tenth of the memory, and nobody looks at an object that does not change.
import { type Origin, parseSubject } from '@sluice/events';
import type { ObjectRef } from '@sluice/ir';
import { objectRefOf, type SourceObject } from '@sluice/kinds';
import type { HeldObject } from './held-object.ts';
import { keyOf } from './keys.ts';

/** What the plan gives an object of its own: what the source said in its place. */
type Identity = Pick<SourceObject['metadata'], 'uid' | 'generation' | 'creationTimestamp'>;

/** An object that was read, whatever place it stands at. */
export class ReadObject {
  /** Its subject on the log. */
  readonly key: string;
  #object: SourceObject | undefined;
  #held: HeldObject | undefined;
  #identity: Identity | undefined;

  constructor(object: SourceObject) {
    this.key = keyOf(objectRefOf(object));
    this.#object = object;
  }

  /** The object; made anew by each call once it is in force. */
  get object(): SourceObject {
    return this.#object ?? this.#unpacked();
  }

  /** Whether this is what stands there. */
  isInForceAs(held: HeldObject): boolean {
    return this.#held === held;
  }

  /** Takes the place in which it is in force, which must be this object save for uid, generation and creation time. */
  inForceAs(held: HeldObject): void {
    if (this.#object !== undefined) {
      const { uid, generation, creationTimestamp } = this.#object.metadata;
      const isPlain = uid === '' && generation === 0 && creationTimestamp === '';
      this.#identity = isPlain ? undefined : { uid, generation, creationTimestamp };
    }
    this.#held = held;
    this.#object = undefined;
  }

  #unpacked(): SourceObject {
    if (this.#held === undefined) throw new TypeError('an object is either read or in force');
    const { object } = this.#held;
    const identity = this.#identity ?? { uid: '', generation: 0, creationTimestamp: '' };
    return { ...object, metadata: { ...object.metadata, ...identity } } as SourceObject;
  }
}

/** An object that holds to its kind's schema. */
export class DeclaredObject {
  readonly read: ReadObject;
  readonly origin: Origin;

  constructor(read: ReadObject, origin: Origin) {
    this.read = read;
    this.origin = origin;
  }

  /** Its subject on the log. */
  get key(): string {
    return this.read.key;
  }

  get object(): SourceObject {
    return this.read.object;
  }

  get ref(): ObjectRef {
    const { group, kind, namespace, name } = parseSubject(this.key);
    return { group, kind, namespace, name };
  }
}
