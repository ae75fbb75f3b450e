import type { ObjectRef } from '@sluice/ir';
import type { Kind, SourceObject } from '@sluice/kinds';
import type { ApiObject } from '../../core/kubernetes/api-object.ts';
import { partName, readApiObject } from '../../core/kubernetes/read-api-object.ts';
import type { SourcePart } from '../../core/source.ts';

/** What the API server holds of one object, as far as status is concerned. */
export interface LiveObject {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  /** As it came; undefined where there is none. */
  readonly status: unknown;
}

/** A change of one part. */
export interface PartChange {
  readonly name: string;
  readonly ref: ObjectRef;
  readonly part: SourcePart | undefined;
  readonly ignored: readonly string[];
}

interface Held {
  readonly live: LiveObject;
  readonly part: SourcePart;
}

/** The objects of one kind: their parts, and what their status is. */
export class KindCache {
  readonly kind: Kind;
  readonly #held = new Map<string, Held>();

  constructor(kind: Kind) {
    this.kind = kind;
  }

  /** Takes an object as it is now. */
  put(object: ApiObject): PartChange {
    const { namespace, name, uid, resourceVersion, generation } = object.metadata;
    const { part, ignored } = readApiObject(this.kind, object);
    this.#held.set(keyOf(namespace, name), {
      part,
      live: {
        uid,
        resourceVersion,
        generation: typeof generation === 'number' ? generation : 0,
        status: object.status,
      },
    });
    return { ...this.#named(namespace, name), part, ignored };
  }

  remove(namespace: string, name: string): PartChange {
    this.#held.delete(keyOf(namespace, name));
    return { ...this.#named(namespace, name), part: undefined, ignored: [] };
  }

  /** Takes all there is. @returns what changed: each of them, and what is there no more */
  replace(items: readonly ApiObject[]): PartChange[] {
    const gone = new Set(this.#held.keys());
    const changes = items.map((item) => {
      gone.delete(keyOf(item.metadata.namespace, item.metadata.name));
      return this.put(item);
    });
    for (const key of gone) {
      const slash = key.indexOf('/');
      changes.push(this.remove(key.slice(0, slash), key.slice(slash + 1)));
    }
    return changes;
  }

  live(namespace: string, name: string): LiveObject | undefined {
    return this.#held.get(keyOf(namespace, name))?.live;
  }

  /** The references of all. */
  *refs(): Generator<ObjectRef> {
    for (const key of this.#held.keys()) {
      const slash = key.indexOf('/');
      yield this.#named(key.slice(0, slash), key.slice(slash + 1)).ref;
    }
  }

  *parts(): Generator<[string, SourcePart]> {
    for (const [key, { part }] of this.#held) {
      const slash = key.indexOf('/');
      yield [this.#named(key.slice(0, slash), key.slice(slash + 1)).name, part];
    }
  }

  *objects(): Generator<SourceObject> {
    for (const { part } of this.#held.values()) for (const { object } of part.objects) yield object;
  }

  #named(namespace: string, name: string): { name: string; ref: ObjectRef } {
    const { group, kind } = this.kind;
    return { name: partName(this.kind, { namespace, name }), ref: { group, kind, namespace, name } };
  }
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}
