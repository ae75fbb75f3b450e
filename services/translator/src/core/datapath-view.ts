// What the datapaths of nodes have of each Service. What comes in: the newest word of each agent, which agents are silent or gone, and the
// revision at which each Service's places last changed; what goes out: for each Service whether it is in all kernels, and if not, why. It names no
// node that is merely on its way or silent: of 10,000 Services each would have to be written anew whenever one node comes or goes.
import { type AckEvent, compareRevisions, type Revision } from '@sluice/events';
import { compareText } from '@sluice/ir';
import type { SignOfLife } from './sign-of-life.ts';

/** What is said of one Service. */
export interface DatapathView {
  /** A node that answers has not come so far. */
  readonly waiting: boolean;
  /** While it waits: nodes that cannot write their maps, with the reason; the first few. */
  readonly faults: readonly string[];
  /** Nodes that have no room for it, with the maps that are full; the first few. */
  readonly full: readonly string[];
}

type DatapathState = Extract<AckEvent, { type: 'DatapathStateChanged' }>;

/** Nodes that are named. */
const mostNamed = 3;

/** Follows agents and Services. */
export class DatapathBook {
  readonly #agents = new Map<string, DatapathState>();
  /** One that is not in it was never missed. */
  readonly #signs = new Map<string, SignOfLife>();
  readonly #wanted = new Map<string, Revision>();
  readonly #waiting = new Set<string>();
  /** By Service: the nodes without room for it. */
  readonly #full = new Map<string, Set<string>>();
  #touched = new Set<string>();
  #isStale = false;
  #runs = false;
  /** What all that are waited for have; null: one of them has nothing. */
  #floor: Revision | null = null;
  #faults: readonly string[] = [];

  /** Takes an event of ACKS in. */
  take(event: AckEvent): void {
    if (event.type !== 'DatapathStateChanged') return;
    this.#leftOut(event.node, this.#toldBy(this.#agents.get(event.node)), this.#toldBy(event));
    this.#agents.set(event.node, event);
    this.#isStale = true;
  }

  /** Notes whether an agent gives signs of life. What is known of one that is gone counts no more. */
  setSign(agent: string, sign: SignOfLife): void {
    const own = [...this.#agents.values()].filter((state) => state.agent === agent);
    const before = own.map((state) => this.#toldBy(state));
    this.#signs.set(agent, sign);
    for (const [index, state] of own.entries()) {
      const told = this.#toldBy(state);
      if (told !== before[index]) this.#leftOut(state.node, before[index], told);
    }
    this.#isStale = true;
  }

  /** Forgets all agents, before their states are read anew. */
  reset(): void {
    for (const state of this.#agents.values()) this.#leftOut(state.node, this.#toldBy(state), undefined);
    this.#agents.clear();
    this.#isStale = true;
  }

  /** Sets the revision that is to be in the maps for a Service; undefined: it is gone. */
  want(service: string, revision: Revision | undefined): void {
    if (revision === undefined) this.#wanted.delete(service);
    else this.#wanted.set(service, revision);
    this.#touched.add(service);
  }

  /** Services whose view may have changed since the last call, with the view; undefined: it is gone, or no agent runs. */
  drain(): [string, DatapathView | undefined][] {
    if (this.#isStale) this.#refresh();
    const touched = [...this.#touched].sort(compareText);
    this.#touched = new Set();
    return touched.map((service) => [service, this.#viewOf(service)]);
  }

  #viewOf(service: string): DatapathView | undefined {
    const wanted = this.#wanted.get(service);
    this.#waiting.delete(service);
    if (wanted === undefined || !this.#runs) return undefined;
    const waiting = this.#floor === null || compareRevisions(this.#floor, wanted) < 0;
    if (waiting) this.#waiting.add(service);
    const nodes = [...(this.#full.get(service) ?? [])].sort(compareText).slice(0, mostNamed);
    return {
      waiting,
      faults: waiting ? this.#faults : [],
      full: nodes.map((node) => `${node} (${this.#agents.get(node)?.leftOut?.maps.join(', ') ?? ''})`),
    };
  }

  #refresh(): void {
    this.#isStale = false;
    const running = [...this.#agents.values()].filter(
      ({ agent, state }) => state === 'running' && this.#signs.get(agent) !== 'gone',
    );
    const answering = running.filter(({ agent }) => this.#signs.get(agent) !== 'silent');
    // Where nobody answers, what they had said stands.
    const counted = answering.length > 0 ? answering : running;
    const before = { runs: this.#runs, floor: this.#floor };
    this.#runs = running.length > 0;
    this.#floor = lowest(counted);
    this.#faults = counted
      .filter(({ fault }) => fault !== '')
      .sort((a, b) => compareText(a.node, b.node))
      .slice(0, mostNamed)
      .map(({ node, fault }) => `${node}: ${fault}`);
    const forward = before.runs === this.#runs && !isBelow(this.#floor, before.floor);
    for (const service of forward ? this.#waiting : this.#wanted.keys()) this.#touched.add(service);
  }

  /** Services for which the agent has no room, as far as it counts. */
  #toldBy(state: DatapathState | undefined): DatapathState['leftOut'] {
    return state === undefined || this.#signs.get(state.agent) === 'gone' ? undefined : state.leftOut;
  }

  #leftOut(node: string, before: DatapathState['leftOut'], after: DatapathState['leftOut']): void {
    for (const service of before?.services ?? []) {
      const nodes = this.#full.get(service);
      nodes?.delete(node);
      if (nodes?.size === 0) this.#full.delete(service);
      this.#touched.add(service);
    }
    for (const service of after?.services ?? []) {
      const nodes = this.#full.get(service) ?? new Set();
      this.#full.set(service, nodes.add(node));
      this.#touched.add(service);
    }
  }
}

function lowest(states: readonly DatapathState[]): Revision | null {
  let found: Revision | null | undefined;
  for (const { acked } of states) if (found === undefined || isBelow(acked, found)) found = acked;
  return found ?? null;
}

function isBelow(a: Revision | null, b: Revision | null): boolean {
  if (b === null) return false;
  return a === null || compareRevisions(a, b) < 0;
}
