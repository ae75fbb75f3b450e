// Where the listeners of a CiliumEnvoyConfig are bound: at the addresses of the Services whose traffic goes to them, and
// where none does, at the address of the object.
import type { FactOf } from '@sluice/events';
import type { Collection, Fetch } from '@sluice/incremental';
import { gatewayKey } from '@sluice/ir';
import { freeListeners, redirectOf } from '@sluice/kinds';
import { bindPort, socketOf } from '../gateway-plan.ts';
import { objectKey, servicePortKey } from '../keys.ts';
import { type ClaimNeeds, type ServiceClaim, serviceOf } from './claims.ts';
import type { EnvoyConfigModel } from './model.ts';

/** One address of a listener. */
export interface Bound {
  /** As written. */
  readonly listener: string;
  readonly address: string;
  readonly port: number;
  /** The Service whose traffic comes this way; the empty string for none. */
  readonly service: string;
}

/** What binding reads. */
export interface BindNeeds extends ClaimNeeds {
  /** By `gatewayKey`. */
  readonly addresses: Collection<FactOf<'AddressAssigned'>>;
  /** By Service port. */
  readonly winners: Collection<ServiceClaim>;
}

/** Where an object's listeners stand. */
export interface Binding {
  readonly bound: readonly Bound[];
  readonly unbound: readonly string[];
  readonly conflicts: readonly string[];
  readonly lost: boolean;
  readonly addressFault: string;
}

/** Binds the listeners of an object. */
export function boundOf(model: EnvoyConfigModel, needs: BindNeeds, fetch: Fetch): Binding {
  const bound: Bound[] = [];
  const conflicts: string[] = [];
  const faults: string[] = [];
  let wanted = 0;
  let won = 0;
  const assigned = (key: string): FactOf<'AddressAssigned'> | undefined => {
    const fact = fetch(needs.addresses, key);
    faults.push(...(fact?.unusable ?? []).map(({ reason }) => reason));
    return fact;
  };
  for (const { service, port, listener } of claimedPorts(model, needs, fetch)) {
    wanted += 1;
    const winner = fetch(needs.winners, servicePortKey(service, port));
    if (winner !== undefined && winner.config !== model.key) {
      conflicts.push(`port ${port} of Service ${service} has ${nameOf(winner.config)}`);
      continue;
    }
    won += 1;
    const [namespace = '', name = ''] = service.split('/');
    const key = gatewayKey({ kind: 'Service', namespace, name });
    bound.push(...socketsFor(assigned(key), port).map((at) => ({ ...at, listener, service })));
  }
  for (const [listener, port] of freeListeners(model.config))
    bound.push(
      ...socketsFor(assigned(gatewayKey(model.ref)), port).map((at) => ({ ...at, listener, service: '' })),
    );
  const listeners = model.reading.resources.filter(
    (r) => r.kind === 'listener' && r.message.address === undefined,
  );
  const has = new Set(bound.map(({ listener }) => listener));
  return {
    bound,
    unbound: listeners.map(({ name }) => name).filter((name) => !has.has(name)),
    conflicts,
    lost: wanted > 0 && won === 0,
    addressFault: faults[0] ?? '',
  };
}

interface ClaimedPort {
  readonly service: string;
  readonly port: number;
  readonly listener: string;
}

function claimedPorts(model: EnvoyConfigModel, needs: BindNeeds, fetch: Fetch): ClaimedPort[] {
  return model.config.spec.services.flatMap((entry) => {
    const { service, listener } = redirectOf(model.config, entry);
    const found = serviceOf(model.config, service, needs, fetch);
    if (listener === undefined || 'fault' in found) return [];
    return found.info.ports
      .filter((p) => p.transport === 'tcp' && (entry.ports.length === 0 || entry.ports.includes(p.port)))
      .map(({ port }) => ({ service, port, listener }));
  });
}

/** What is bound for a port of what has this assignment. */
function socketsFor(
  assigned: FactOf<'AddressAssigned'> | undefined,
  port: number,
): { readonly address: string; readonly port: number }[] {
  if (assigned === undefined) return [];
  const socket = socketOf({ sockets: assigned.sockets }, { port, transport: 'tcp' });
  if (socket !== undefined) return socket.addresses.map((address) => ({ address, port: socket.port }));
  if (assigned.sockets !== undefined) return [];
  const bound = bindPort(port, assigned.lowPortOffset);
  return bound > 65_535 ? [] : assigned.addresses.map((address) => ({ address, port: bound }));
}

/** An object by its key, in words. */
export function nameOf(key: string): string {
  const [namespace = '', name = ''] = key.split('/');
  return namespace === ''
    ? `CiliumClusterwideEnvoyConfig ${name}`
    : `CiliumEnvoyConfig ${objectKey(namespace, name)}`;
}
