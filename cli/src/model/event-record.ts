// Events of the log for people and for tools. In: an event as stored; out: whether a filter takes it, one line of text,
// or a record. What cannot be decoded is shown as such; sealed bytes are never shown.
import type { LogEvent } from '@sluice/event-log';
import {
  type AnyEvent,
  decodeEvent,
  formatRevision,
  parseSubject,
  type StreamName,
  type SubjectParts,
} from '@sluice/events';
import { formatObjectRef, irIdOf } from '@sluice/ir';

/** What is asked for; absent parts take everything. */
export interface EventFilter {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly types?: readonly string[];
}

function partsOf(subject: string): SubjectParts | undefined {
  try {
    return parseSubject(subject);
  } catch {
    return undefined;
  }
}

/**
 * True where the event passes the filter. IR events are asked by the object that they were made from. The log's own
 * events (leases, checkpoints) pass only where their type is asked for.
 */
export function matches(stream: StreamName, event: LogEvent, filter: EventFilter): boolean {
  if (filter.types !== undefined) {
    if (!filter.types.includes(event.type)) return false;
  } else if (event.subject.startsWith('log.')) return false;
  if (filter.kind === undefined && filter.namespace === undefined && filter.name === undefined) return true;
  const about = aboutOf(stream, event);
  return (
    about !== undefined &&
    (filter.kind === undefined || about.kind === filter.kind) &&
    (filter.namespace === undefined || about.namespace === filter.namespace) &&
    (filter.name === undefined || about.name === filter.name)
  );
}

function aboutOf(
  stream: StreamName,
  event: LogEvent,
): Pick<SubjectParts, 'kind' | 'namespace' | 'name'> | undefined {
  if (stream !== 'IR') return partsOf(event.subject);
  const decoded = decodeEvent('IR', event.data);
  if (!decoded.ok) return undefined;
  if (decoded.event.type === 'ResourcePut') {
    const { resource } = decoded.event;
    if ('source' in resource) return resource.source;
    const key = resource.kind === 'endpoint-group' ? resource.service : resource.gateway;
    return keyParts(resource.kind === 'endpoint-group' ? 'Service' : 'Gateway', key);
  }
  return decoded.event.type === 'ResourceRemoved'
    ? keyParts(decoded.event.kind, decoded.event.key)
    : undefined;
}

function keyParts(kind: string, key: string): Pick<SubjectParts, 'kind' | 'namespace' | 'name'> {
  const [namespace = '', name = ''] = key.split('/');
  return { kind, namespace, name };
}

/** One line on what the event says; not escaped. */
export function describeEvent(stream: StreamName, event: LogEvent): string {
  const decoded = decodeEvent(stream, event.data);
  if (decoded.ok) return describe(decoded.event) || whatOf(event.subject);
  return event.subject.startsWith('log.') ? event.subject : `${whatOf(event.subject)} (cannot be decoded)`;
}

function whatOf(subject: string): string {
  const parts = partsOf(subject);
  if (parts === undefined) return subject;
  return [parts.kind, parts.namespace, parts.name].filter((text) => text !== '').join('/');
}

function describe(event: AnyEvent): string {
  switch (event.type) {
    case 'ObjectChanged': {
      const { kind, metadata } = event.object;
      const { file, line } = event.origin;
      const name = [kind, metadata.namespace, metadata.name].filter((text) => text !== '').join('/');
      return file === '' ? name : `${name}  ${file}:${line}`;
    }
    case 'ObjectRefused':
      return `${formatObjectRef(event.ref)}: ${event.faults.map(({ path, message }) => `${path} ${message}`.trim()).join('; ')}`;
    case 'FileRefused':
      return `${event.file}: ${event.faults.map(({ message }) => message).join('; ')}`;
    case 'KindSynced':
      return event.state === 'synced' ? `${event.kind} synced` : `${event.kind} unavailable: ${event.reason}`;
    case 'AddressAssigned':
      return `${formatObjectRef(event.gateway)}: ${[...event.addresses, ...(event.hostnames ?? [])].join(', ') || 'none'}`;
    case 'CertificateObserved':
      return `${formatObjectRef(event.ref)}: ${event.fault || `${event.dnsNames.join(', ')} until ${event.notAfter}`}`;
    case 'ResourceRejected':
      return `${event.node} refused ${event.resource}: ${event.message}`;
    case 'EventJudged':
      return `${event.stream} ${event.seq} was passed over: ${event.error}`;
    case 'ResourcePut':
      return `${irIdOf(event.resource)}  revision ${formatRevision(event.revision)}`;
    case 'ResourceRemoved':
      return `${event.kind}:${event.key}  revision ${formatRevision(event.revision)}`;
    case 'RevisionCommitted':
      return `revision ${formatRevision(event.revision)}: ${event.changes} changes by translator ${event.translator}`;
    case 'EnvoyStateChanged':
      return `${event.node} at ${event.server} ${event.state}${event.acked === null ? '' : `, acknowledged ${formatRevision(event.acked)}`}`;
    case 'DatapathStateChanged':
      return `datapath of ${event.node} ${event.state}${event.acked === null ? '' : `, maps hold ${formatRevision(event.acked)}`}${event.fault === '' ? '' : `: ${event.fault}`}`;
    case 'DatapathDescribed':
      return `datapath of ${event.node}: kernel ${event.kernel}, ${event.object === null ? 'nothing loaded' : `object ${event.object.hash.slice(0, 12)} ${event.object.outcome}`}`;
    default:
      return '';
  }
}

/** The event as a record for tools. */
export function toRecord(stream: StreamName, event: LogEvent): Readonly<Record<string, unknown>> {
  const { seq, timeMs, type, subject, tombstone, writer, hash, traceparent } = event;
  const decoded = subject.startsWith('log.') ? undefined : decodeEvent(stream, event.data);
  return {
    stream,
    seq,
    time: new Date(timeMs).toISOString(),
    type,
    subject,
    tombstone,
    writer,
    hash,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(decoded === undefined ? {} : decoded.ok ? { event: shown(decoded.event) } : { error: decoded.error }),
  };
}

function shown(event: AnyEvent): unknown {
  if (event.type !== 'SecretSealed') return event;
  const { nonce: _nonce, ciphertext: _ciphertext, ...rest } = event;
  return rest;
}
