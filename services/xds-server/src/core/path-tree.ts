// The matches of one hostname by the segments of their paths, and which nodes of that tree are scopes of their own. A
// node with few matches at and below it holds them all; one with many is split: it holds those that end at it, and each
// segment below is a scope. What a scope holds decides alone between exact paths and expressions, since all that can
// match are in the deepest node of a path; prefixes are longer the deeper they are, so where nothing matches, the node
// above is next. Precedence (Gateway API v1.7.0, HTTPRouteRule.matches) is kept by that: exact, expression, then prefixes by length.
import type { IrPathMatch } from '@sluice/ir';
import { leadingSegments } from './regex-segments.ts';
import type { RevisedCandidate } from './route.ts';
import { maxPathDepth } from './scope-key.ts';
import { SmallMap } from './small-map.ts';

/** What a scope holds. */
export interface PathScope {
  /** Empty for the root. */
  readonly path: string;
  /** True where the next segment may have a scope of its own. */
  readonly split: boolean;
  /** In no order. */
  readonly candidates: readonly RevisedCandidate[];
}

/** A scope that has to be made again; `scope` is absent where it is gone. */
export interface PathScopeChange {
  readonly path: string;
  readonly scope?: PathScope;
}

type State = 'none' | 'whole' | 'split';

class Node {
  readonly path: string;
  /** Undefined where there never were any. */
  children: Map<string, Node> | undefined;
  /** Matches that end here, by id. */
  readonly own = new SmallMap<RevisedCandidate>();
  /** Matches here and below. */
  size = 0;
  /** What it was at the last `take`. */
  state: State = 'none';
  /** Something changed: at or below it; at it; among its expressions, which stand in the scopes below, too. */
  below = false;
  here = false;
  expressions = false;

  constructor(path: string) {
    this.path = path;
  }
}

/** The segments by which a match is found: at most `maxPathDepth`; none for what may match any path. */
function segmentsOf(path: IrPathMatch): string[] {
  const all =
    path.type === 'regex'
      ? leadingSegments(path.value)
      : path.type === 'prefix' && path.value === '/'
        ? []
        : path.value.slice(1).split('/');
  return all.slice(0, maxPathDepth);
}

/** The scopes of one hostname. Deterministic: they depend on the matches alone, not on the changes that led to them. */
export class PathTree {
  readonly #root = new Node('');
  /** Scopes that are gone since the last `take`. */
  #gone: string[] | undefined;
  readonly #limit: number;

  /** @param limit a node with more matches at and below it is split */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#root.size;
  }

  /** All matches. */
  all(): RevisedCandidate[] {
    return collect(this.#root);
  }

  /** Puts a match in, in place of the one with this id, which must have had the same path. */
  put(id: string, path: IrPathMatch, candidate: RevisedCandidate): void {
    this.#change(path, (node) => {
      const before = node.own.size;
      node.own.set(id, candidate);
      return node.own.size - before;
    });
  }

  remove(id: string, path: IrPathMatch): void {
    this.#change(path, (node) => (node.own.delete(id) ? -1 : 0));
  }

  /**
   * The scopes that what changed since the last call can have touched, each once, and those that are gone. `keep`: the
   * root stays though it holds nothing.
   */
  take(keep: boolean): PathScopeChange[] {
    const visit = new Visit(this.#limit, this.#gone ?? []);
    this.#gone = undefined;
    if (keep || this.#root.size > 0) visit.node(this.#root, { inherited: [], force: false });
    else visit.gone(this.#root);
    return [...visit.changes.values()];
  }

  #change(path: IrPathMatch, edit: (node: Node) => number): void {
    const segments = segmentsOf(path);
    const way = [this.#root];
    let node = this.#root;
    for (const segment of segments) {
      let next = node.children?.get(segment);
      if (next === undefined) {
        next = new Node(`${node.path}/${segment}`);
        node.children ??= new Map();
        node.children.set(segment, next);
      }
      way.push(next);
      node = next;
    }
    const difference = edit(node);
    node.here = true;
    if (path.type === 'regex') node.expressions = true;
    for (const each of way) {
      each.size += difference;
      each.below = true;
    }
    this.#prune(way, segments);
  }

  #prune(way: readonly Node[], segments: readonly string[]): void {
    for (let depth = way.length - 1; depth > 0; depth--) {
      const node = way[depth];
      const segment = segments[depth - 1];
      if (node === undefined || segment === undefined || node.size > 0) return;
      way[depth - 1]?.children?.delete(segment);
      if (node.state === 'none') continue;
      this.#gone ??= [];
      this.#gone.push(node.path);
    }
  }
}

interface From {
  /** The expressions of the nodes above. */
  readonly inherited: readonly RevisedCandidate[];
  /** Make it again even if nothing at it changed. */
  readonly force: boolean;
}

/** One walk over what changed. */
class Visit {
  /** By path: a node that went and came back is no removal. */
  readonly changes: Map<string, PathScopeChange>;

  readonly #limit: number;

  constructor(limit: number, gone: readonly string[]) {
    this.#limit = limit;
    this.changes = new Map(gone.map((path) => [path, { path }]));
  }

  /** A node that is a scope. Those below come first: an Envoy has them before it looks for them. */
  node(node: Node, { inherited, force }: From): void {
    const split = (node.children?.size ?? 0) > 0 && node.size > this.#limit;
    const state: State = split ? 'split' : 'whole';
    const moved = state !== node.state;
    const expressions = [...inherited, ...node.own.values().filter(isExpression)];
    const make = moved || force || node.here || (!split && node.below);
    if (split) {
      const forceBelow = force || node.expressions;
      for (const child of childrenOf(node))
        if (moved || forceBelow || child.below)
          this.node(child, { inherited: expressions, force: forceBelow });
    }
    if (make) {
      const candidates = split ? [...inherited, ...node.own.values()] : [...inherited, ...collect(node)];
      this.changes.set(node.path, { path: node.path, scope: { path: node.path, split, candidates } });
    }
    if (!split && node.state === 'split') for (const child of childrenOf(node)) this.gone(child);
    node.state = state;
    clean(node);
  }

  gone(node: Node): void {
    if (node.state === 'none') return;
    if (node.state === 'split') for (const child of childrenOf(node)) this.gone(child);
    node.state = 'none';
    this.changes.set(node.path, { path: node.path });
  }
}

function childrenOf({ children }: Node): Node[] {
  return children === undefined ? [] : [...children.values()];
}

function clean(node: Node): void {
  node.below = false;
  node.here = false;
  node.expressions = false;
}

function isExpression({ route, rule, match }: RevisedCandidate): boolean {
  return route.rules[rule]?.matches[match]?.path.type === 'regex';
}

function collect(node: Node): RevisedCandidate[] {
  return [...node.own.values(), ...childrenOf(node).flatMap(collect)];
}
