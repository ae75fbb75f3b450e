// Which Envoys have what. What comes in: the newest word of each xds-server on each Envoy, which servers are silent,
// and the revision at which each Gateway last changed; what goes out: for each Gateway how many Envoys there are,
// who is waited for and who is silent. An acknowledgement touches only Gateways that wait for one.
import { type AckEvent, compareRevisions, type Revision } from '@sluice/events';
import { compareText } from '@sluice/ir';

/** What a Gateway's status says of Envoys. */
export interface EnvoyView {
  /** Envoys that are connected, silent ones included. */
  readonly connected: number;
  /** Nodes that have not acknowledged the Gateway's newest version, sorted. */
  readonly waiting: readonly string[];
  /** Nodes that answer nothing and are not waited for, sorted. */
  readonly silent: readonly string[];
}

interface NodeState {
  readonly silent: boolean;
  readonly acked: Revision | null;
}

type EnvoyState = Extract<AckEvent, { type: 'EnvoyStateChanged' }>;

/** Follows Envoys and Gateways. */
export class EnvoyBook {
  readonly #envoys = new Map<string, EnvoyState>();
  readonly #silentServers = new Set<string>();
  readonly #wanted = new Map<string, Revision>();
  readonly #waiting = new Set<string>();
  #nodes = new Map<string, NodeState>();
  #touched = new Set<string>();

  /** Takes an event of ACKS in. */
  take(event: AckEvent): void {
    if (event.type === 'EnvoyStateChanged') this.#envoys.set(`${event.server}|${event.node}`, event);
    else for (const [key, envoy] of this.#envoys) if (envoy.server === event.server) this.#envoys.delete(key);
    this.#refresh();
  }

  /** Notes that an xds-server gives no sign of life, or does again. */
  setServerSilent(server: string, silent: boolean): void {
    if (silent) this.#silentServers.add(server);
    else this.#silentServers.delete(server);
    this.#refresh();
  }

  /** Forgets all Envoys, before their states are read anew. */
  reset(): void {
    this.#envoys.clear();
    this.#refresh();
  }

  /** Sets the revision that Envoys must have acknowledged for a Gateway; undefined: the Gateway is gone. */
  want(gateway: string, revision: Revision | undefined): void {
    if (revision === undefined) this.#wanted.delete(gateway);
    else this.#wanted.set(gateway, revision);
    this.#touched.add(gateway);
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
    const nodes = [...this.#nodes].sort(([a], [b]) => compareText(a, b));
    const silent = nodes.filter(([, node]) => node.silent).map(([name]) => name);
    const waiting = nodes
      .filter(
        ([, { silent: quiet, acked }]) => !quiet && (acked === null || compareRevisions(acked, wanted) < 0),
      )
      .map(([name]) => name);
    if (waiting.length > 0) this.#waiting.add(gateway);
    return { connected: nodes.length, waiting, silent };
  }

  /** Where acknowledgements only went forward, Gateways that wait are touched; else all are. */
  #refresh(): void {
    const before = this.#nodes;
    this.#nodes = this.#summarize();
    const forward =
      before.size === this.#nodes.size &&
      [...this.#nodes].every(([name, node]) => {
        const old = before.get(name);
        return old !== undefined && old.silent === node.silent && !isBehind(node.acked, old.acked);
      });
    for (const gateway of forward ? this.#waiting : this.#wanted.keys()) this.#touched.add(gateway);
  }

  /** A node that several servers know: it is there if one says so, silent if all that say so say that too. */
  #summarize(): Map<string, NodeState> {
    const nodes = new Map<string, NodeState>();
    for (const { server, node, state, acked } of this.#envoys.values()) {
      if (state === 'disconnected') continue;
      const silent = state === 'silent' || this.#silentServers.has(server);
      const known = nodes.get(node);
      nodes.set(node, {
        silent: silent && (known?.silent ?? true),
        acked: known === undefined || isBehind(known.acked, acked) ? acked : known.acked,
      });
    }
    return nodes;
  }
}

function isBehind(a: Revision | null, b: Revision | null): boolean {
  if (b === null) return false;
  return a === null || compareRevisions(a, b) < 0;
}
