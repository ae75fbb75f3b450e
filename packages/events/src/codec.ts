// Events to bytes and back. What comes in: a subject and bytes of a stream; what goes out: a checked event, or the
// reason why it is none.
import { canonicalJson, type IrResource, type ObjectRef } from '@sluice/ir';
import { objectRefOf, parseWith } from '@sluice/kinds';
import { z } from 'zod';
import { type Fact, factSchema } from './facts.ts';
import {
  type AckEvent,
  ackEventSchema,
  type SecretEvent,
  type StatusEvent,
  secretEventSchema,
  statusEventSchema,
} from './feedback.ts';
import { type IrEvent, irEventSchema } from './ir-events.ts';
import type { Revision } from './revision.ts';
import type { StreamName } from './streams.ts';
import { buildSubject, type Domain } from './subjects.ts';

/** The event type of each stream. */
export interface EventOf {
  readonly FACTS: Fact;
  readonly IR: IrEvent;
  readonly ACKS: AckEvent;
  readonly STATUS: StatusEvent;
  readonly SECRETS: SecretEvent;
}
export type AnyEvent = EventOf[StreamName];

/** The schema of the events of each stream. */
export const eventSchemas = {
  FACTS: factSchema,
  IR: irEventSchema,
  ACKS: ackEventSchema,
  STATUS: statusEventSchema,
  SECRETS: secretEventSchema,
} as const;

/** What `event-log` appends. `tombstone` events take their subject out of the folded state. */
export interface EncodedEvent {
  readonly subject: string;
  readonly type: string;
  readonly tombstone: boolean;
  readonly data: Uint8Array;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

const tombstones: ReadonlySet<AnyEvent['type']> = new Set([
  'ObjectDeleted',
  'RefusalCleared',
  'AddressReleased',
  'CertificateForgotten',
  'RejectionCleared',
  'ResourceRemoved',
  'StatusRemoved',
  'SecretRemoved',
] as const);

/** Encodes an event in canonical form. The subject follows from the event; a cleared refusal or rejection needs `subject`. */
export function encodeEvent(event: AnyEvent, subject?: string): EncodedEvent {
  const named = subject ?? subjectOf(event);
  return {
    subject: named,
    type: event.type,
    tombstone: tombstones.has(event.type),
    data: encoder.encode(canonicalJson(event)),
  };
}

/** `encodeEvent` of a ResourcePut whose resource has been written in canonical form already: `text`. */
export function encodeResourcePut(of: {
  readonly revision: Revision;
  readonly resource: Pick<IrResource, 'kind' | 'key'>;
  readonly text: string;
}): EncodedEvent {
  const { revision, resource, text } = of;
  return {
    subject: irSubject(resource.kind, resource.key),
    type: 'ResourcePut',
    tombstone: false,
    data: encoder.encode(`{"resource":${text},"revision":${canonicalJson(revision)},"type":"ResourcePut"}`),
  };
}

/** What follows the resource of a ResourcePut in canonical form, at most so many bytes. */
const afterResource = /,"revision":\{"epoch":\d+,"seq":\d+\},"type":"ResourcePut"\}$/;
const beforeResource = '{"resource":';
const longestAfter = 100;
const latin = new TextDecoder('latin1');

/**
 * The bytes of the resource in a ResourcePut, without decoding it: their SHA-256 is the resource's `irHash`. undefined: the event is no
 * ResourcePut in canonical form.
 */
export function resourceBytesOf(data: Uint8Array): Uint8Array | undefined {
  const start = beforeResource.length;
  if (latin.decode(data.subarray(0, start)) !== beforeResource) return undefined;
  const end = afterResource.exec(latin.decode(data.subarray(Math.max(start, data.length - longestAfter))));
  return end === null ? undefined : data.subarray(start, data.length - end[0].length);
}

/** The outcome of decoding: an event, or `error` in words (never with the bytes in it). */
export type Decoded<E> =
  | { readonly ok: true; readonly event: E }
  | { readonly ok: false; readonly error: string };

/** Decodes the bytes of an event of a stream. Never throws: whatever is on the log, a consumer goes on. */
export function decodeEvent<S extends StreamName>(stream: S, data: Uint8Array): Decoded<EventOf[S]> {
  return decodeAs<AnyEvent>(eventSchemas[stream], data) as Decoded<EventOf[S]>;
}

/** `decodeEvent` of IR. A program that reads this stream alone loads the schemas of no object with it. */
export function decodeIrEvent(data: Uint8Array): Decoded<IrEvent> {
  return decodeAs(irEventSchema, data);
}

/** `decodeEvent` of SECRETS, as `decodeIrEvent`. */
export function decodeSecretEvent(data: Uint8Array): Decoded<SecretEvent> {
  return decodeAs(secretEventSchema, data);
}

function decodeAs<E>(schema: z.ZodType<E>, data: Uint8Array): Decoded<E> {
  try {
    const value: unknown = JSON.parse(decoder.decode(data));
    const parsed = parseWith(schema, value);
    if (parsed.success) return { ok: true, event: parsed.data };
    return { ok: false, error: z.prettifyError(parsed.error) };
  } catch (error) {
    return {
      ok: false,
      error:
        error instanceof SyntaxError || error instanceof TypeError ? 'not canonical JSON' : 'undecodable',
    };
  }
}

/**
 * Decodes an event of ACKS, as `decodeEvent`. One that stands on another subject than its own is refused: whoever may write acknowledgements of one
 * kind would else speak for all.
 */
export function decodeAck(of: { readonly subject: string; readonly data: Uint8Array }): Decoded<AckEvent> {
  const decoded = decodeEvent('ACKS', of.data);
  if (!decoded.ok || subjectOf(decoded.event) === of.subject) return decoded;
  return { ok: false, error: `${decoded.event.type} does not belong on this subject` };
}

function of(domain: Domain, { group, kind, namespace, name }: ObjectRef): string {
  if (kind === '' || name === '') throw new TypeError('an object has a kind and a name');
  return buildSubject({ domain, group, kind, namespace, name });
}

/** Subject of a file's refusal. */
export function fileRefusalSubject(file: string): string {
  return buildSubject({ domain: 'refusal', group: '', kind: 'File', namespace: '', name: file });
}

/** Subject of an object's refusal. */
export function objectRefusalSubject(ref: ObjectRef): string {
  return of('refusal', ref);
}

/** Subject of a rejection. */
export function rejectionSubject(of: { typeUrl: string; node: string; resource: string }): string {
  return buildSubject({
    domain: 'rejection',
    group: '',
    kind: of.typeUrl,
    namespace: of.node,
    name: of.resource,
  });
}

/** Subject of a judgement. */
export function judgementSubject(of: { stream: string; seq: number }): string {
  return buildSubject({ domain: 'judgement', group: '', kind: of.stream, namespace: '', name: `${of.seq}` });
}

/** Subject of an IR resource. */
export function irSubject(kind: string, key: string): string {
  return buildSubject({ domain: 'ir', group: '', kind, namespace: '', name: key });
}

function subjectOf(event: AnyEvent): string {
  switch (event.type) {
    case 'ObjectChanged':
      return of('object', objectRefOf(event.object));
    case 'ObjectDeleted':
      return of('object', event.ref);
    case 'ObjectRefused':
      return objectRefusalSubject(event.ref);
    case 'FileRefused':
      return fileRefusalSubject(event.file);
    case 'KindSynced':
      return buildSubject({ domain: 'sync', group: event.group, kind: event.kind, namespace: '', name: '' });
    case 'AddressAssigned':
    case 'AddressReleased':
      return of('address', event.gateway);
    case 'CertificateObserved':
    case 'CertificateForgotten':
      return of('certificate', event.ref);
    case 'ResourceRejected':
      return rejectionSubject(event);
    case 'EventJudged':
      return judgementSubject(event);
    case 'RefusalCleared':
    case 'RejectionCleared':
      throw new TypeError(`${event.type} needs its subject`);
    case 'ResourcePut':
      return irSubject(event.resource.kind, event.resource.key);
    case 'ResourceRemoved':
      return irSubject(event.kind, event.key);
    case 'RevisionCommitted':
      return buildSubject({ domain: 'revision', group: '', kind: '', namespace: '', name: '' });
    case 'EnvoyStateChanged':
      return buildSubject({
        domain: 'ack',
        group: '',
        kind: 'Envoy',
        namespace: event.server,
        name: event.node,
      });
    case 'DatapathStateChanged':
      return buildSubject({ domain: 'ack', group: '', kind: 'Datapath', namespace: '', name: event.node });
    case 'DatapathDescribed':
      return buildSubject({
        domain: 'ack',
        group: '',
        kind: 'DatapathNode',
        namespace: '',
        name: event.node,
      });
    case 'XdsServerStarted':
      return buildSubject({ domain: 'ack', group: '', kind: 'Server', namespace: '', name: event.server });
    case 'StatusChanged':
    case 'StatusRemoved':
      return of('status', event.ref);
    case 'SecretSealed':
    case 'SecretRemoved':
      return of('secret', event.ref);
  }
}
