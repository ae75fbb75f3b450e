import type { StoredMsg } from '@nats-io/jetstream';
import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import type { RawMessage } from '../model/message.ts';
import type { Slab } from './slab.ts';

/** What a delivery's reply subject says: `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<delivered>.<seq>.<count>.<ns>.<pending>`. */
export interface Delivery {
  readonly seq: number;
  /** Running number within the consumer, from 1. */
  readonly count: number;
  readonly timeMs: number;
  /** Messages of the stream still to come. */
  readonly pending: number;
}

/** Parses a reply subject; undefined where it is none of a delivery. */
export function parseDelivery(reply: string): Delivery | undefined {
  const tokens = reply.split('.');
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK') return undefined;
  const [seq, count, ns, pending] = tokens.slice(tokens.length === 9 ? 5 : 7);
  if (seq === undefined || count === undefined || ns === undefined || pending === undefined) return undefined;
  return {
    seq: Number(seq),
    count: Number(count),
    timeMs: Number(ns.slice(0, -6)),
    pending: Number(pending),
  };
}

/** A delivered message. Its data are copied into `slab`: a view would hold the whole network buffer. */
export function rawMessage(message: Msg, delivery: Delivery, slab: Slab): RawMessage {
  return {
    seq: delivery.seq,
    timeMs: delivery.timeMs,
    subject: message.subject,
    headers: headerMap(message.headers),
    data: slab.copy(message.data),
  };
}

/** A message as the message API returns it. */
export function rawStored(message: StoredMsg): RawMessage {
  return {
    seq: message.seq,
    timeMs: message.time.getTime(),
    subject: message.subject,
    headers: headerMap(message.header),
    data: message.data.slice(),
  };
}

/** Our headers, without those of NATS. */
function headerMap(hdrs: MsgHdrs | undefined): Map<string, string> {
  const map = new Map<string, string>();
  for (const [name, values] of hdrs ?? []) {
    const [value] = values;
    if (value !== undefined && !name.startsWith('Nats-')) map.set(name, value);
  }
  return map;
}
