// Which listeners of a Gateway and its ListenerSets cannot stand side by side. Gateway API v1.6.3 GatewaySpec.listeners:
// HTTP, HTTPS and TLS listeners of one port must differ in hostname, and TCP and UDP have a port for themselves; of those
// that do not, none wins. ListenerSetSpec.listeners: the Gateway's own go before those of a set, an older set before a
// younger one, and the later one alone is in conflict. HTTPS and TLS can share a port, as both are told apart by SNI; UDP
// ports are others than TCP's. Listeners whose protocol is not served take no part.
import type { Listener } from '@sluice/kinds';
import { anyHostname, covers } from './hostname.ts';
import { isServedProtocol } from './route-kinds.ts';

/** Why a listener is in conflict. */
export interface Conflict {
  readonly reason: 'HostnameConflict' | 'ProtocolConflict';
  readonly message: string;
}

/** A listener with the rank of the object that holds it: 0 the Gateway, then its sets in the order of precedence. */
export interface RankedListener {
  readonly listener: Listener;
  readonly rank: number;
}

/** The hostname of a listener, lower case, `*` for all. */
export function listenerHostname(listener: Listener): string {
  return listener.hostname === undefined || listener.hostname === ''
    ? anyHostname
    : listener.hostname.toLowerCase();
}

/**
 * The conflict of each listener, in the order given, which is that of ranks. One that loses to a listener of an earlier rank stands in
 * nobody's way, neither in that of its neighbours in the same set.
 */
export function conflictsOf(ranked: readonly RankedListener[]): (Conflict | undefined)[] {
  const conflicts = new Map<Listener, Conflict>();
  const standing = new Map<string, Listener[]>();
  for (const [rank, members] of Map.groupBy(ranked, (entry) => entry.rank)) {
    const own = new Map<string, Listener[]>();
    for (const { listener } of members) {
      if (!isServedProtocol(listener.protocol)) continue;
      const conflict = conflictOf(listener, standing.get(slotOf(listener)) ?? []);
      if (conflict === undefined) push(own, listener);
      else conflicts.set(listener, conflict);
    }
    for (const neighbours of own.values())
      for (const listener of neighbours) {
        const conflict = conflictOf(listener, neighbours);
        if (conflict !== undefined) conflicts.set(listener, conflict);
        // What two listeners of the Gateway itself want is not for a set to have.
        if (conflict === undefined || rank === 0) push(standing, listener);
      }
  }
  return ranked.map(({ listener }) => conflicts.get(listener));
}

function push(bySlot: Map<string, Listener[]>, listener: Listener): void {
  const slot = slotOf(listener);
  bySlot.set(slot, [...(bySlot.get(slot) ?? []), listener]);
}

/** The conflict of one listener with others of the same precedence. */
export function conflictOf(listener: Listener, all: readonly Listener[]): Conflict | undefined {
  const neighbours = sharingPort(listener, all);
  const sameName = (other: Listener): boolean => listenerHostname(other) === listenerHostname(listener);
  const foreign = neighbours.filter(
    (other) =>
      other.protocol !== listener.protocol && (!(isBySni(other) && isBySni(listener)) || sameName(other)),
  );
  if (foreign.length > 0)
    return {
      reason: 'ProtocolConflict',
      message: `port ${listener.port} is ${listener.protocol} here and ${names(foreign, (l) => `${l.protocol} in listener ${l.name}`)}`,
    };
  const same = neighbours.filter((other) => other.protocol === listener.protocol && sameName(other));
  if (same.length === 0) return undefined;
  const others = names(same, (l) => `listener ${l.name}`);
  if (listener.protocol === 'TCP' || listener.protocol === 'UDP')
    return {
      reason: 'ProtocolConflict',
      message: `${listener.protocol} port ${listener.port} is also that of ${others}, and nothing tells their connections apart`,
    };
  return {
    reason: 'HostnameConflict',
    message: `port ${listener.port} with hostname ${listenerHostname(listener)} is also that of ${others}`,
  };
}

/** Names the TLS listeners of the port whose hostnames overlap with this one's; the empty string where none does. */
export function overlapOf(listener: Listener, all: readonly Listener[]): string {
  if (listener.protocol !== 'HTTPS') return '';
  const mine = listenerHostname(listener);
  const overlapping = sharingPort(listener, all).filter((other) => {
    const theirs = listenerHostname(other);
    return other.protocol === 'HTTPS' && theirs !== mine && (covers(mine, theirs) || covers(theirs, mine));
  });
  return overlapping.length === 0
    ? ''
    : `its hostname overlaps with that of ${names(overlapping, (l) => `listener ${l.name}`)}`;
}

/** Ports of UDP are others than those of TCP. */
function slotOf({ protocol, port }: Listener): string {
  return `${protocol === 'UDP' ? 'udp' : 'tcp'}/${port}`;
}

function isBySni({ protocol }: Listener): boolean {
  return protocol === 'HTTPS' || protocol === 'TLS';
}

function sharingPort(listener: Listener, all: readonly Listener[]): Listener[] {
  return all.filter(
    (other) => other !== listener && slotOf(other) === slotOf(listener) && isServedProtocol(other.protocol),
  );
}

function names(listeners: readonly Listener[], say: (listener: Listener) => string): string {
  return listeners.map(say).sort().join(', ');
}
