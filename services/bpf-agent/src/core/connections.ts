// Entries of lb_conntrack → connections in words. Comes in: rows as the codecs read them, and the time; goes out: each living connection
// once. A connection has up to four entries, of which the one of the client's packets as they come in has its state (bpf/lb_flow.h).
import type { Connection, ConnectionQuestion } from '@sluice/events';
import { anyAddressOf } from '@sluice/ir';
import { addressText } from './address.ts';
import type { MapRows } from './kernel-port.ts';
import type { FlowKey } from './layout/keys.ts';
import { mapCodecs } from './layout/maps.ts';
import type { Flow } from './layout/values.ts';
import { protocolNumbers } from './maps/rows.ts';
import { decodeRows } from './struct-codec.ts';

/** `enum flow_hook` and `enum flow_flag` of bpf/lb_consts.h. */
const ingressHook = 0;
const answerFlag = 1;
/** `enum flow_state`. */
const states = ['new', 'established', 'closing', 'closed', 'reset'] as const;
const closedState = states.indexOf('closed');

/** Seconds without a packet after which an entry is nobody's (`is_expired` of bpf/lb_flow.h). */
const limitsS = { established: 7_440, transitory: 240, closed: 120, datagrams: 300 } as const;

const protocolNames = new Map<number, string>(
  Object.entries(protocolNumbers).map(([name, number]) => [number, name]),
);
const nsPerMs = 1_000_000;

/** @param nowNs CLOCK_MONOTONIC, nanoseconds */
export function connectionsIn({ keys, values }: MapRows, nowNs: bigint): Connection[] {
  const flows = decodeRows(mapCodecs.lb_conntrack.value, values);
  return decodeRows(mapCodecs.lb_conntrack.key, keys).flatMap((key, index) => {
    const flow = flows[index];
    return flow === undefined ? [] : (connectionOf(key, flow, nowNs) ?? []);
  });
}

function connectionOf(key: FlowKey, flow: Flow, nowNs: bigint): Connection | undefined {
  if (key.hook !== ingressHook || (flow.flags & answerFlag) !== 0) return undefined;
  // Another CPU may have written a later time than this one knows.
  const idleMs = Math.max(0, Math.round(Number(nowNs - flow.usedNs) / nsPerMs));
  if (idleMs > 1_000 * limitOf(key.protocol, flow.state)) return undefined;
  return {
    protocol: protocolNames.get(key.protocol) ?? `${key.protocol}`,
    client: { address: addressText(key.source), port: key.sourcePort },
    frontend: { address: addressText(key.destination), port: key.destinationPort },
    backend: { address: addressText(flow.address), port: flow.port },
    ...(flow.snatPort === 0 ? {} : { nodePort: flow.snatPort }),
    state: states[flow.state] ?? 'unknown',
    idleMs,
  };
}

function limitOf(protocol: number, state: number): number {
  if (protocol !== protocolNumbers.TCP) return limitsS.datagrams;
  if (states[state] === 'established') return limitsS.established;
  return state >= closedState ? limitsS.closed : limitsS.transitory;
}

/** Whether a connection is one of those that are asked for. */
export function isAskedFor(connection: Connection, asked: ConnectionQuestion): boolean {
  const { client, frontends } = asked;
  if (client !== undefined && connection.client.address !== client) return false;
  if (frontends === undefined) return true;
  const { address, port } = connection.frontend;
  const anyOfFamily = anyAddressOf(address);
  return frontends.some(
    (frontend) =>
      frontend.port === port &&
      frontend.protocol === connection.protocol &&
      (frontend.address === address || frontend.address === anyOfFamily),
  );
}
