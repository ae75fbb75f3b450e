// A record of the ring buffer → a flow as it goes out. Comes in: the record as the codec read it; goes out: `Flow` of @sluice/events.
import type { Flow, FlowEnd } from '@sluice/events';
import { dropReasons } from '@sluice/events';
import { addressText } from './address.ts';
import type { Event } from './layout/values.ts';

/** `enum event_kind` of bpf/lb_consts.h. */
const types = new Map<number, Flow['type']>([
  [1, 'translated'],
  [2, 'connection'],
  [3, 'dropped'],
]);
/** `enum flow_hook`. */
const places: readonly Flow['at'][] = ['ingress', 'egress', 'socket'];
/** IPPROTO_* of linux/in.h. */
const protocols = new Map([
  [6, 'TCP'],
  [17, 'UDP'],
  [132, 'SCTP'],
]);

/** Bits of `settings.events`: which kinds the programs tell. */
export function eventMask(wanted: readonly Flow['type'][]): number {
  return [...types].reduce((mask, [kind, type]) => (wanted.includes(type) ? mask | (1 << kind) : mask), 0);
}

/** Zeros stand for nothing. */
function end(address: Uint8Array, port: number): FlowEnd | undefined {
  return address.every((byte) => byte === 0) ? undefined : { address: addressText(address), port };
}

/** `enum drop_reason` counts from 1; one that this agent does not know is `unknown`. */
const reasonOf = (reason: number): (typeof dropReasons)[number] => dropReasons[reason - 1] ?? 'unknown';

/** @param bootMs Unix time in milliseconds at which CLOCK_MONOTONIC was 0; undefined: the record is of no known kind */
export function flowOf(record: Event, bootMs: number): Flow | undefined {
  const type = types.get(record.kind);
  if (type === undefined) return undefined;
  const client = end(record.client, record.clientPort);
  const backend = end(record.backend, record.backendPort);
  return {
    timeMs: bootMs + Number(record.timeNs / 1_000n) / 1_000,
    type,
    at: places[record.hook] ?? 'socket',
    protocol: protocols.get(record.protocol) ?? `${record.protocol}`,
    ...(client === undefined ? {} : { client }),
    frontend: { address: addressText(record.frontend), port: record.frontendPort },
    ...(backend === undefined ? {} : { backend }),
    ...(type === 'dropped' ? { reason: reasonOf(record.reason) } : {}),
  };
}
