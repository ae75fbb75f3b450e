// A status that is written → what its owner must act on, as Events (events.k8s.io/v1) tell it.
import type { Fault } from '@sluice/events';
import { isRecord } from '../kubernetes/api-object.ts';
import { conditionsOf } from './conditions.ts';

/** Something that a user has to mend. */
export interface Notice {
  /** The reason of the condition, as `InvalidCertificateRef`. */
  readonly reason: string;
  /** What it is about, and the condition's own words. */
  readonly note: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** An Event's note takes at most so many bytes. */
const maxNoteBytes = 1024;

/** What the fields about to be written say that the status before did not. */
export function noticesOf(before: unknown, written: Fields): Notice[] {
  const known = new Set(complaints(isRecord(before) ? before : {}).map(({ note }) => note));
  return complaints(written).filter(({ note }) => !known.has(note));
}

/** What an object that was refused is told. */
export function refusalNotice(faults: readonly Fault[]): Notice {
  const words = faults.map(({ path, message, hint }) =>
    [path === '' ? message : `${path} ${message}`, hint].filter((part) => part !== '').join(': '),
  );
  return { reason: 'Refused', note: cut(`not taken, what was in force stays: ${words.join('; ')}`) };
}

function complaints(status: Fields): Notice[] {
  return [
    ...ofConditions(status.conditions, ''),
    ...entries(status.listeners).flatMap((l) => ofConditions(l.conditions, `listener ${l.name}: `)),
    ...[...entries(status.parents), ...entries(status.ancestors)].flatMap((e) =>
      ofConditions(e.conditions, `${nameOf(e.parentRef ?? e.ancestorRef)}: `),
    ),
  ];
}

function ofConditions(conditions: unknown, about: string): Notice[] {
  return conditionsOf(conditions)
    .filter(isComplaint)
    .map(({ type, reason, message }) => ({
      reason: String(reason),
      note: cut(`${about}${type}: ${message}`),
    }));
}

/** What waits for something of ours (an Envoy, an address) is nobody's to mend. */
function isComplaint({ type: full, status, reason }: Fields): boolean {
  const type = String(full).replace(/^sluice\.dev\/(L7|HostPort)?/, '');
  if (type === 'PartiallyInvalid' || type === 'Conflicted') return status === 'True';
  if (type !== 'Accepted' && type !== 'ResolvedRefs' && type !== 'Programmed') return false;
  return status === 'False' && reason !== 'Pending' && reason !== 'AddressNotAssigned';
}

function entries(list: unknown): Fields[] {
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

function nameOf(reference: unknown): string {
  const ref = isRecord(reference) ? reference : {};
  const section = ref.sectionName === undefined ? '' : ` listener ${ref.sectionName}`;
  return `${ref.kind ?? 'Gateway'} ${ref.name}${section}`;
}

/** Cut to the bytes that an Event takes. */
function cut(text: string): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= maxNoteBytes) return text;
  return new TextDecoder().decode(bytes.subarray(0, maxNoteBytes - 4)).replace(/\uFFFD$/, '…');
}
