import type { ObjectRef } from '@sluice/ir';
import type { Kind, SourceObject } from '@sluice/kinds';
import type { ApiObject } from '../../core/kubernetes/api-object.ts';
import { partName, readApiObject } from '../../core/kubernetes/read-api-object.ts';
import { sameJson } from '../../core/same-json.ts';
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
  /** As it came, of kinds of which little is kept. */
  readonly kept?: ApiObject;
}

/** The objects of one kind: their parts, and what their status is. */
export class KindCache {
  readonly kind: Kind;
  readonly #held = new Map<string, Held>();

  constructor(kind: Kind) {
    this.kind = kind;
  }

  /** Takes an object as it is now. @returns what changed: nothing where all that is kept of it is as it was */
  put(object: ApiObject): PartChange[] {
    const { namespace, name, uid, resourceVersion, generation } = object.metadata;
    const key = keyOf(namespace, name);
    const before = this.#held.get(key);
    const live = {
      ...{ uid, resourceVersion, status: object.status },
      generation: typeof generation === 'number' ? generation : 0,
    };
    if (before?.kept !== undefined && isSame(before.kept, object)) {
      this.#held.set(key, { ...before, live });
      return [];
    }
    const { part, ignored } = readApiObject(this.kind, object);
    this.#held.set(key, { part, live, ...(this.kind.kept === undefined ? {} : { kept: object }) });
    return [{ ...this.#named(namespace, name), part, ignored }];
  }

  /** Takes an object away. @returns what changed: nothing where little of a kind is kept, and nothing was of this one */
  remove(namespace: string, name: string): PartChange[] {
    const isKnown = this.#held.delete(keyOf(namespace, name));
    if (!isKnown && this.kind.kept !== undefined) return [];
    return [{ ...this.#named(namespace, name), part: undefined, ignored: [] }];
  }

  /** Takes all there is. @returns what changed: each of them, and what is there no more */
  replace(items: readonly ApiObject[]): PartChange[] {
    const gone = new Set(this.#held.keys());
    const changes = items.flatMap((item) => {
      gone.delete(keyOf(item.metadata.namespace, item.metadata.name));
      return this.put(item);
    });
    for (const key of gone) {
      const slash = key.indexOf('/');
      changes.push(...this.remove(key.slice(0, slash), key.slice(slash + 1)));
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

/** Whether two versions of an object say the same. */
function isSame(a: ApiObject, b: ApiObject): boolean {
  const version = { resourceVersion: '' };
  return sameJson(
    { ...a, metadata: { ...a.metadata, ...version } },
    { ...b, metadata: { ...b.metadata, ...version } },
  );
}
