// The states of all routes, kept up to date. In: one changed route or status at a time; out: how many routes are in force,
// and which are not. A change costs one change, and a route that is in force some short texts, most of them shared: there
// may be 10,000 of them beside which nothing else is kept.
import type { Origin } from '@sluice/events';
import { formatObjectRef, type ObjectRef } from '@sluice/ir';
import {
  type AskedParent,
  type AskedRoute,
  type KnownGateways,
  type ParentVerdict,
  type Progress,
  type RouteState,
  routeGroup,
  routeState,
} from './route-state.ts';

/** All routes that are ours, in short. */
export interface RouteSummary {
  readonly inForce: number;
  /** The others, sorted by kind and name. */
  readonly troubled: readonly RouteState[];
  /** Whether a route is in force; `route` as `formatObjectRef` gives it. */
  isInForce(route: string): boolean;
}

/** What is kept of one route: either half may be missing. */
interface Entry {
  /** `<line>:<column>:<file>` */
  origin: string;
  generation: number;
  /** JSON of its parents; undefined: the route is not there. */
  parents: string | undefined;
  /** Lowest generation that its status is said of. */
  observed: number;
  /** JSON of what its status says, each generation less `observed`; undefined: it has none. */
  verdicts: string | undefined;
  progress: Progress | undefined;
}

/** Texts that are shared while they are few; which they are, but for a hostile set of routes. */
const sharedAtMost = 1_000;

export class RouteBoard {
  /** By `formatObjectRef`. */
  readonly #entries = new Map<string, Entry>();
  readonly #shared = new Map<string, string>();
  /** Keys of entries to look at again. */
  readonly #changed = new Set<string>();
  readonly #troubled = new Map<string, RouteState>();
  #inForce = 0;
  #gateways = '';
  #sorted: readonly RouteState[] | undefined;

  /** What a route asks for; undefined: it is gone. */
  ask(ref: ObjectRef, asked: Omit<AskedRoute, 'ref'> | undefined): void {
    const entry = this.#entryOf(ref);
    entry.parents = asked === undefined ? undefined : this.#share(JSON.stringify(asked.parents));
    entry.generation = asked?.generation ?? 0;
    entry.origin = asked === undefined ? '' : packed(asked.origin);
  }

  /** What the status of a route says; undefined: it has none any more. */
  tell(ref: ObjectRef, verdicts: readonly ParentVerdict[] | undefined): void {
    const entry = this.#entryOf(ref);
    const observed = Math.min(...(verdicts ?? []).map((verdict) => verdict.observed));
    entry.observed = Number.isFinite(observed) ? observed : 0;
    const relative = verdicts?.map((verdict) => ({
      ...verdict,
      observed: verdict.observed - entry.observed,
    }));
    entry.verdicts = relative === undefined ? undefined : this.#share(JSON.stringify(relative));
  }

  /** Forgets all routes, not what statuses say. */
  forgetAsked(): void {
    for (const key of this.#entries.keys()) this.ask(refOf(key), undefined);
  }

  /** Forgets all statuses. */
  forgetTold(): void {
    for (const key of this.#entries.keys()) this.tell(refOf(key), undefined);
  }

  /** The states as they are with these Gateways. Costs what has changed since the last call; all routes when Gateways came or went. */
  summary(gateways: KnownGateways): RouteSummary {
    const known = JSON.stringify([[...gateways.ours].sort(), [...gateways.all].sort()]);
    const looked = known === this.#gateways ? this.#changed : this.#entries.keys();
    for (const key of looked) this.#look(key, gateways);
    this.#gateways = known;
    this.#changed.clear();
    this.#sorted ??= [...this.#troubled.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, state]) => state);
    return {
      inForce: this.#inForce,
      troubled: this.#sorted,
      isInForce: (route) => this.#entries.get(route)?.progress === 'in-force',
    };
  }

  #entryOf(ref: ObjectRef): Entry {
    const key = formatObjectRef(ref);
    this.#changed.add(key);
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = {
      origin: '',
      generation: 0,
      parents: undefined,
      observed: 0,
      verdicts: undefined,
      progress: undefined,
    };
    this.#entries.set(key, entry);
    return entry;
  }

  #look(key: string, gateways: KnownGateways): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    const state = stateOf(key, entry, gateways);
    this.#inForce += count(state?.progress) - count(entry.progress);
    entry.progress = state?.progress;
    const isTroubled = state !== undefined && state.progress !== 'in-force';
    if (isTroubled || this.#troubled.has(key)) this.#sorted = undefined;
    if (isTroubled) this.#troubled.set(key, state);
    else this.#troubled.delete(key);
    if (entry.parents === undefined && entry.verdicts === undefined) this.#entries.delete(key);
  }

  #share(text: string): string {
    const shared = this.#shared.get(text);
    if (shared !== undefined) return shared;
    if (this.#shared.size >= sharedAtMost) this.#shared.clear();
    this.#shared.set(text, text);
    return text;
  }
}

function count(progress: Progress | undefined): number {
  return progress === 'in-force' ? 1 : 0;
}

function stateOf(key: string, entry: Entry, gateways: KnownGateways): RouteState | undefined {
  if (entry.parents === undefined) return undefined;
  const parents = JSON.parse(entry.parents) as AskedParent[];
  const verdicts = JSON.parse(entry.verdicts ?? '[]') as ParentVerdict[];
  return routeState(
    { ref: refOf(key), origin: unpacked(entry.origin), generation: entry.generation, parents },
    verdicts.map((verdict) => ({ ...verdict, observed: verdict.observed + entry.observed })),
    gateways,
  );
}

function refOf(key: string): ObjectRef {
  const [kind = '', namespace = '', name = ''] = key.split('/');
  return { group: routeGroup, kind, namespace, name };
}

/** One text, flat, instead of an object. */
function packed({ file, line, column }: Origin): string {
  return [line, column, file].join(':');
}

function unpacked(text: string): Origin {
  const { line, column, file = '' } = /^(?<line>\d+):(?<column>\d+):(?<file>.*)$/s.exec(text)?.groups ?? {};
  return { file, line: Number(line ?? 1), column: Number(column ?? 1) };
}
