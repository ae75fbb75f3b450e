// Which Envoys have what. What comes in: the newest word of each xds-server on each Envoy, which servers are silent or
// gone, and the revision at which each Gateway last changed; what goes out: for each Gateway how many Envoys there are,
// who is waited for and who is silent. An acknowledgement touches only Gateways that wait for one.
import { type AckEvent, compareRevisions, type Revision } from '@sluice/events';
import { compareText } from '@sluice/ir';
import type { SignOfLife } from './sign-of-life.ts';

/** What a Gateway's status says of Envoys. */
export interface EnvoyView {
  /** Envoys that are connected, silent ones included. */
  readonly connected: number;
  /** Nodes that have not acknowledged the Gateway's newest version, sorted. */
  readonly waiting: readonly string[];
  /** Nodes that answer nothing and are not waited for, sorted. */
  readonly silent: readonly string[];
  /** The same of the datapaths of nodes; absent where no agent runs. */
  readonly datapaths?: { readonly waiting: readonly string[]; readonly silent: readonly string[] };
}

interface NodeState {
  readonly silent: boolean;
  readonly acked: Revision | null;
}

type EnvoyState = Extract<AckEvent, { type: 'EnvoyStateChanged' }>;
type DatapathState = Extract<AckEvent, { type: 'DatapathStateChanged' }>;

/** Follows Envoys and Gateways. */
export class EnvoyBook {
  readonly #envoys = new Map<string, EnvoyState>();
  /** Of xds-servers and agents; one that is not in it was never missed. */
  readonly #signs = new Map<string, SignOfLife>();
  readonly #wanted = new Map<string, Revision>();
  readonly #waiting = new Set<string>();
  readonly #agents = new Map<string, DatapathState>();
  #nodes = new Map<string, NodeState>();
  #datapaths = new Map<string, NodeState>();
  #touched = new Set<string>();

  /** Takes an event of ACKS in. */
  take(event: AckEvent): void {
    if (event.type === 'EnvoyStateChanged') this.#envoys.set(`${event.server}|${event.node}`, event);
    else if (event.type === 'DatapathStateChanged') this.#agents.set(event.node, event);
    else if (event.type === 'XdsServerStarted')
      for (const [key, envoy] of this.#envoys) if (envoy.server === event.server) this.#envoys.delete(key);
    this.#refresh();
  }

  /** Notes whether an xds-server or an agent gives signs of life. What is known of one that is gone counts no more. */
  setSign(server: string, sign: SignOfLife): void {
    this.#signs.set(server, sign);
    this.#refresh();
  }

  /** Forgets all Envoys, before their states are read anew. */
  reset(): void {
    this.#envoys.clear();
    this.#agents.clear();
    this.#refresh();
  }

  /** Sets the revision that Envoys must have acknowledged for a Gateway; undefined: the Gateway is gone. */
  want(gateway: string, revision: Revision | undefined): void {
    if (revision === undefined) this.#wanted.delete(gateway);
    else this.#wanted.set(gateway, revision);
    this.#touched.add(gateway);
  }

  /** Whether an Envoy that is connected and not silent has yet to acknowledge a revision. */
  isAwaited(revision: Revision): boolean {
    return standing(this.#nodes, revision).waiting.length > 0;
  }

  /** Gateways whose view may have changed since the last call, with the view; undefined for those that are gone. */
  drain(): [string, EnvoyView | undefined][] {
    const touched = [...this.#touched].sort(compareText);
    this.#touched = new Set();
    return touched.map((gateway) => [gateway, this.#viewOf(gateway)]);
  }

  #viewOf(gateway: string): EnvoyView | undefined {
    const wanted = this.#wanted.get(gateway);
    this.#waiting.delete(gateway);
    if (wanted === undefined) return undefined;
    const envoys = standing(this.#nodes, wanted);
    const datapaths = standing(this.#datapaths, wanted);
    if (envoys.waiting.length + datapaths.waiting.length > 0) this.#waiting.add(gateway);
    return { connected: this.#nodes.size, ...envoys, ...(this.#datapaths.size === 0 ? {} : { datapaths }) };
  }

  /** Where acknowledgements only went forward, Gateways that wait are touched; else all are. */
  #refresh(): void {
    const before = [this.#nodes, this.#datapaths] as const;
    this.#nodes = this.#summarize();
    this.#datapaths = this.#summarizeAgents();
    const forward = wentForward(before[0], this.#nodes) && wentForward(before[1], this.#datapaths);
    for (const gateway of forward ? this.#waiting : this.#wanted.keys()) this.#touched.add(gateway);
  }

  /** Where an agent has ended the kernel goes on with what it has: nobody is waited for. */
  #summarizeAgents(): Map<string, NodeState> {
    const running = [...this.#agents.values()].filter(
      ({ agent, state }) => state === 'running' && this.#signs.get(agent) !== 'gone',
    );
    return new Map(
      running.map(({ agent, node, acked }) => [node, { silent: this.#signs.get(agent) === 'silent', acked }]),
    );
  }

  /** A node that several servers know: it is there if one says so, silent if all that say so say that too. */
  #summarize(): Map<string, NodeState> {
    const nodes = new Map<string, NodeState>();
    for (const { server, node, state, acked } of this.#envoys.values()) {
      const sign = this.#signs.get(server);
      if (state === 'disconnected' || sign === 'gone') continue;
      const silent = state === 'silent' || sign === 'silent';
      const known = nodes.get(node);
      nodes.set(node, {
        silent: silent && (known?.silent ?? true),
        acked: known === undefined || isBehind(known.acked, acked) ? acked : known.acked,
      });
    }
    return nodes;
  }
}

/** Who has not got there, and who answers nothing; sorted. */
function standing(
  nodes: ReadonlyMap<string, NodeState>,
  wanted: Revision,
): { readonly waiting: readonly string[]; readonly silent: readonly string[] } {
  const sorted = [...nodes].sort(([a], [b]) => compareText(a, b));
  const silent = sorted.filter(([, node]) => node.silent).map(([name]) => name);
  const waiting = sorted
    .filter(
      ([, { silent: quiet, acked }]) => !quiet && (acked === null || compareRevisions(acked, wanted) < 0),
    )
    .map(([name]) => name);
  return { waiting, silent };
}

/** The same nodes, of which none fell silent, came back or went back. */
function wentForward(before: ReadonlyMap<string, NodeState>, after: ReadonlyMap<string, NodeState>): boolean {
  return (
    before.size === after.size &&
    [...after].every(([name, node]) => {
      const old = before.get(name);
      return old !== undefined && old.silent === node.silent && !isBehind(node.acked, old.acked);
    })
  );
}

function isBehind(a: Revision | null, b: Revision | null): boolean {
  if (b === null) return false;
  return a === null || compareRevisions(a, b) < 0;
}
