// Which listeners of one Gateway cannot stand side by side. Gateway API v1.7.0 GatewaySpec.listeners: listeners of
// one port must share a protocol and differ in hostname; of those that do not, none wins. Listeners whose protocol is
// not served take no part. Also: TLS listeners of a port whose hostnames overlap (OverlappingTLSConfig).
import type { Listener } from '@sluice/kinds';
import { anyHostname, covers } from './hostname.ts';

/** Why a listener is in conflict. */
export interface Conflict {
  readonly reason: 'HostnameConflict' | 'ProtocolConflict';
  readonly message: string;
}

const servedProtocols: ReadonlySet<string> = new Set(['HTTP', 'HTTPS']);

/** The hostname of a listener, lower case, `*` for all. */
export function listenerHostname(listener: Listener): string {
  return listener.hostname === undefined || listener.hostname === ''
    ? anyHostname
    : listener.hostname.toLowerCase();
}

/** Whether the protocol of a listener is served. */
export function isServedProtocol(protocol: string): protocol is 'HTTP' | 'HTTPS' {
  return servedProtocols.has(protocol);
}

/** The conflict of one listener with the others of its Gateway. */
export function conflictOf(listener: Listener, all: readonly Listener[]): Conflict | undefined {
  const neighbours = sharingPort(listener, all);
  const foreign = neighbours.filter((other) => other.protocol !== listener.protocol);
  if (foreign.length > 0)
    return {
      reason: 'ProtocolConflict',
      message: `port ${listener.port} is ${listener.protocol} here and ${names(foreign, (l) => `${l.protocol} in listener ${l.name}`)}`,
    };
  const same = neighbours.filter((other) => listenerHostname(other) === listenerHostname(listener));
  if (same.length === 0) return undefined;
  return {
    reason: 'HostnameConflict',
    message: `port ${listener.port} with hostname ${listenerHostname(listener)} is also that of ${names(same, (l) => `listener ${l.name}`)}`,
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

function sharingPort(listener: Listener, all: readonly Listener[]): Listener[] {
  return all.filter(
    (other) => other !== listener && other.port === listener.port && isServedProtocol(other.protocol),
  );
}

function names(listeners: readonly Listener[], say: (listener: Listener) => string): string {
  return listeners.map(say).sort().join(', ');
}
