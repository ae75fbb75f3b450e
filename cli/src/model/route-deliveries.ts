import type { EventLog, LogEvent } from '@sluice/event-log';
import { buildSubject, decodeAck, type Fact, irSubject, type StreamName, streams } from '@sluice/events';
import { httpRouteKey, type IrHttpRoute, irId, type ObjectRef } from '@sluice/ir';
import { AckHistory, type Delivery, type TimedAck } from './route-delay.ts';
import type { World } from './world.ts';

/** Tells of each HTTPRoute and GRPCRoute how its newest change was delivered. */
export type DeliveryOf = (route: ObjectRef) => Delivery | undefined;

/** The folded log, with its events by stream and subject. FACTS and IR are needed. */
export interface FoldedLog {
  readonly world: World;
  readonly events: ReadonlyMap<StreamName, ReadonlyMap<string, LogEvent>>;
}

/** Reads what ACKS retains (a few words for each Envoy), and answers from that and the folded log. */
export async function loadDeliveries(log: EventLog, { world, events }: FoldedLog): Promise<DeliveryOf> {
  const acks: TimedAck[] = [];
  for await (const { subject, data, timeMs } of log.read(streams.ACKS.name)) {
    const decoded = subject.startsWith('log.') ? undefined : decodeAck({ subject, data });
    if (decoded?.ok === true) acks.push({ ack: decoded.event, timeMs });
  }
  const history = new AckHistory(acks);
  return (route) => {
    const subject = buildSubject({ domain: 'object', ...route });
    const fact = events.get('FACTS')?.get(subject);
    if (fact === undefined) return undefined;
    const kind = route.kind === 'GRPCRoute' ? 'GRPCRoute' : 'HTTPRoute';
    const key = httpRouteKey(kind, `${route.namespace}/${route.name}`);
    const revised = world.ir.get(irId('http-route', key));
    const putMs = events.get('IR')?.get(irSubject('http-route', key))?.timeMs;
    return history.deliveryOf({
      factSeq: fact.seq,
      factMs: fact.timeMs,
      served:
        revised === undefined || putMs === undefined ? undefined : { revision: revised.revision, putMs },
      translated:
        generationOf(world.facts.get(subject)) === (revised?.resource as IrHttpRoute | undefined)?.generation,
    });
  };
}

function generationOf(fact: Fact | undefined): number | undefined {
  return fact?.type === 'ObjectChanged' ? fact.object.metadata.generation : undefined;
}
