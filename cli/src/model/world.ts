// What stands on the log, decoded and folded. In: events of the five streams as the log gives them; out: the newest
// word on each subject, as the commands show it.

import type { LogEvent } from '@sluice/event-log';
import {
  type AckEvent,
  type AnyEvent,
  compareRevisions,
  decodeAck,
  decodeEvent,
  type EventOf,
  type Fact,
  type IrEvent,
  type Revision,
  type StatusEvent,
  type StreamName,
} from '@sluice/events';
import { type IrId, type IrResource, irId, irIdOf, type ObjectRef } from '@sluice/ir';
import { GroupedMap } from './grouped-map.ts';

/** Names an object across kinds. */
export function refKey(ref: ObjectRef): string {
  return `${ref.group}/${ref.kind}/${ref.namespace}/${ref.name}`;
}

/** The newest word on one Envoy. */
export interface EnvoyView {
  readonly server: string;
  readonly node: string;
  readonly state: 'connected' | 'silent' | 'disconnected';
  readonly acked: Revision | null;
}

/** An event that stands on the log and cannot be decoded. */
export interface Undecodable {
  readonly stream: StreamName;
  readonly seq: number;
  readonly subject: string;
  readonly error: string;
}

/** A resource of the IR with the revision that last changed it. */
export interface RevisedResource {
  readonly resource: IrResource;
  readonly revision: Revision;
}

export type Committed = Extract<IrEvent, { type: 'RevisionCommitted' }>;
export type Status = Extract<StatusEvent, { type: 'StatusChanged' }>;

/** The group of a gateway's listeners. */
export function listenerGroup(gateway: string): string {
  return `listener ${gateway}`;
}

function groupOfFact(fact: Fact): string {
  return fact.type === 'ObjectChanged' ? fact.object.kind : fact.type;
}

/** The newest word of a node's agent. */
export type DatapathState = Extract<AckEvent, { type: 'DatapathStateChanged' }>;
export type DatapathDescription = Extract<AckEvent, { type: 'DatapathDescribed' }>;

/** The folded log. Changed in place by `apply`; reading it between two calls is consistent. */
export class World {
  /** By subject, in groups: the kind of an object, the type of another fact. Tombstones are not kept. */
  readonly facts = new GroupedMap<string, Fact>(groupOfFact);
  /** By `refKey`, in groups by kind. */
  readonly statuses = new GroupedMap<string, Status>(({ ref }) => ref.kind);
  /** By `<server>/<node>`. */
  readonly envoys = new Map<string, EnvoyView>();
  /** By node. */
  readonly datapaths = new Map<string, DatapathState>();
  /** What the kernel of a node gives its agent, by node. */
  readonly datapathNodes = new Map<string, DatapathDescription>();
  /** In groups: the kind, of a listener `listenerGroup`. */
  readonly ir = new GroupedMap<IrId, RevisedResource>(({ resource }) =>
    resource.kind === 'listener' ? listenerGroup(resource.gateway) : resource.kind,
  );
  /** The newest revision; undefined before the first. */
  committed: Committed | undefined;
  readonly undecodable: Undecodable[] = [];
  /** Last sequence folded in, by stream. */
  readonly position = new Map<StreamName, number>();

  /** Folds events of one stream in, in order. `reset` forgets that stream's earlier events first. */
  apply(stream: StreamName, events: readonly LogEvent[], reset = false): void {
    if (reset) this.#forget(stream);
    for (const event of events) {
      this.position.set(stream, event.seq);
      if (event.subject.startsWith('log.')) continue;
      const decoded = stream === 'ACKS' ? decodeAck(event) : decodeEvent(stream, event.data);
      if (decoded.ok) this.#fold(stream, event.subject, decoded.event);
      else this.undecodable.push({ stream, seq: event.seq, subject: event.subject, error: decoded.error });
    }
  }

  #forget(stream: StreamName): void {
    if (stream === 'FACTS') this.facts.clear();
    if (stream === 'STATUS') this.statuses.clear();
    if (stream === 'ACKS') {
      this.envoys.clear();
      this.datapaths.clear();
      this.datapathNodes.clear();
    }
    if (stream !== 'IR') return;
    this.ir.clear();
    this.committed = undefined;
  }

  #fold<S extends StreamName>(stream: S, subject: string, event: EventOf[S]): void {
    const any: AnyEvent = event;
    if (stream === 'FACTS') this.foldFact(subject, any as Fact);
    else if (stream === 'STATUS') this.#foldStatus(any as StatusEvent);
    else if (stream === 'ACKS') this.#foldAck(any as AckEvent);
    else if (stream === 'IR') this.#foldIr(any as IrEvent);
  }

  /** Folds one fact in; a tombstone takes its subject out. */
  foldFact(subject: string, fact: Fact): void {
    if (factTombstones.has(fact.type)) this.facts.delete(subject);
    else this.facts.set(subject, fact);
  }

  #foldStatus(event: StatusEvent): void {
    if (event.type === 'StatusChanged') this.statuses.set(refKey(event.ref), event);
    else this.statuses.delete(refKey(event.ref));
  }

  #foldAck(event: AckEvent): void {
    if (event.type === 'EnvoyStateChanged') {
      const { server, node, state, acked } = event;
      this.envoys.set(`${server}/${node}`, { server, node, state, acked });
      return;
    }
    if (event.type === 'DatapathStateChanged') this.datapaths.set(event.node, event);
    else if (event.type === 'DatapathDescribed') this.datapathNodes.set(event.node, event);
    else for (const [key, envoy] of this.envoys) if (envoy.server === event.server) this.envoys.delete(key);
  }

  #foldIr(event: IrEvent): void {
    if (event.type === 'ResourcePut') {
      const { resource, revision } = event;
      this.ir.set(irIdOf(resource), { resource, revision });
    } else if (event.type === 'ResourceRemoved') this.ir.delete(irId(event.kind, event.key));
    else if (this.committed === undefined || compareRevisions(event.revision, this.committed.revision) >= 0)
      this.committed = event;
  }
}

const factTombstones: ReadonlySet<Fact['type']> = new Set([
  'ObjectDeleted',
  'RefusalCleared',
  'AddressReleased',
  'CertificateForgotten',
  'RejectionCleared',
] as const);
