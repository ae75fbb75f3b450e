import { AnyOf } from './any-of.ts';
import type { Keep } from './cells.ts';
import type { Collection, Host, Node } from './collection.ts';
import { type Equal, equalByContent } from './equal.ts';
import { FlatMapNode } from './flat-map.ts';
import { type Group, IndexBy } from './index-by.ts';
import { MapNode } from './map.ts';
import { Output } from './output.ts';
import type { Fetch } from './reads.ts';
import { ReduceBy, type Reducer } from './reduce-by.ts';
import { Source } from './source.ts';

interface Options<V> {
  /** When two values are the same; default: by content. */
  readonly equal?: Equal<V>;
}

interface KeepOptions<V, K extends Keep> extends Options<V> {
  /** How values are held between commits; default: as they are. */
  readonly keep?: K;
}

/**
 * Collections that follow from one another. Sources are written at will; `commit` carries all writes through at
 * once, running only the transforms whose inputs differ. Transforms must be pure: same value, key and fetched
 * values give the same result. Values are not changed after they are handed over.
 */
export class Graph {
  readonly #nodes: Node<unknown>[] = [];
  readonly #settling: Node<unknown>[] = [];
  /** By rank, whether a node is to run. */
  readonly #due: boolean[] = [];
  #dueCount = 0;
  readonly #counts = new Map<string, number>();
  #transforms = 0;
  readonly #host: Host = {
    enroll: (node) => {
      if (node.settles) this.#settling.push(node);
      this.#due.push(false);
      return this.#nodes.push(node) - 1;
    },
    due: (rank) => {
      if (this.#due[rank] === true) return;
      this.#due[rank] = true;
      this.#dueCount += 1;
    },
    count: (name) => {
      this.#transforms += 1;
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    },
  };

  /** A collection written from outside. */
  source<V>(name: string, options: KeepOptions<V, Exclude<Keep, 'nothing'>> = {}): Source<V> {
    const { equal = equalByContent, keep } = options;
    return new Source(this.#host, { name, equal, keep });
  }

  /** One value per input, under the same key; `undefined` gives none. */
  map<I, V>(
    input: Collection<I>,
    name: string,
    transform: (value: I, key: string, fetch: Fetch) => V | undefined,
    options: KeepOptions<V, Keep> = {},
  ): Collection<V> {
    const { equal = equalByContent, keep } = options;
    return new MapNode<I, V>(this.#host, { name, input: input as Node<I>, transform, equal, keep });
  }

  /** Any number of pairs per input. Of several inputs that give the same key, the smallest input key is seen. */
  flatMap<I, V>(
    input: Collection<I>,
    name: string,
    transform: (value: I, key: string, fetch: Fetch) => Iterable<readonly [string, V]>,
    options: Options<V> = {},
  ): Collection<V> {
    const equal = options.equal ?? equalByContent;
    return new FlatMapNode<I, V>(this.#host, { name, input: input as Node<I>, transform, equal });
  }

  /** Groups of keys by what `keysOf` gives. */
  indexBy<I>(
    input: Collection<I>,
    name: string,
    keysOf: (value: I, key: string) => readonly string[],
  ): Collection<Group> {
    return new IndexBy(this.#host, { name, input: input as Node<I>, keysOf });
  }

  /** One value per group, kept up by adding and taking away. */
  reduceBy<I, A>(
    input: Collection<I>,
    name: string,
    reducer: Reducer<I, A>,
    options: Options<A> = {},
  ): Collection<A> {
    const equal = options.equal ?? equalByContent;
    return new ReduceBy(this.#host, { name, input: input as Node<I>, reducer, equal });
  }

  /** The number of members of each group. */
  countBy<I>(
    input: Collection<I>,
    name: string,
    keysOf: (value: I, key: string) => readonly string[],
  ): Collection<number> {
    return this.reduceBy(input, name, { keysOf, zero: 0, add: (n) => n + 1, remove: (n) => n - 1 });
  }

  /** The keys that at least one of several collections has. */
  anyOf(inputs: readonly Collection<unknown>[], name: string): Collection<true> {
    return new AnyOf(this.#host, { name, inputs: inputs as readonly Node<unknown>[] });
  }

  /** Gathers the changes of a collection from now on. */
  output<V>(collection: Collection<V>, options: Options<V> = {}): Output<V> {
    return new Output(collection as Node<V>, options.equal ?? equalByContent);
  }

  /** Carries all writes since the last commit through the graph; very many in portions, which shows in no result. */
  commit(): void {
    do {
      for (let rank = 0; rank < this.#nodes.length && this.#dueCount > 0; rank += 1) this.#run(rank);
      for (const node of this.#settling) node.settle();
    } while (this.#dueCount > 0);
  }

  #run(rank: number): void {
    if (this.#due[rank] !== true) return;
    this.#due[rank] = false;
    this.#dueCount -= 1;
    this.#nodes[rank]?.run();
  }

  /** How often each transform has run since the graph was made, by name. */
  counts(): ReadonlyMap<string, number> {
    return new Map(this.#counts);
  }

  /** Runs of all transforms since the graph was made. */
  get transforms(): number {
    return this.#transforms;
  }
}
