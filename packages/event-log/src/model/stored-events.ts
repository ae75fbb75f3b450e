// Which stored messages may hold several events, and the events of any stored message.
import type { StreamDefinition } from '../port.ts';
import { isControl } from './control.ts';
import { unseal } from './envelope.ts';
import type { RawMessage, StoredEvent } from './message.ts';
import { isPack, unpack } from './pack.ts';

/**
 * Which events may share a message of a stream. The server checks no more than the message's own subject, and so who may write the events
 * of others: `any` where one service writes all subjects of the stream; `kin`: those whose subjects have the first two tokens in common,
 * `<domain>.<version>`, where rights are given for whole domains; `none` where only the newest messages of a subject are kept, and
 * would take others with them when they go. An event of the log itself shares none.
 */
export type Packs = 'any' | 'kin' | 'none';

export function packsOf(stream: Pick<StreamDefinition, 'transactional' | 'keepPerSubject'>): Packs {
  if (stream.keepPerSubject !== undefined) return 'none';
  return stream.transactional ? 'any' : 'kin';
}

/** Whether events on these subjects may share a message. */
export function mayShare(packs: Packs, subject: string, other: string): boolean {
  if (packs === 'none' || isControl(subject) || isControl(other)) return false;
  return packs === 'any' || areKin(subject, other);
}

function areKin(subject: string, other: string): boolean {
  const end = subject.indexOf('.', subject.indexOf('.') + 1);
  return end > 0 && other.startsWith(subject.slice(0, end + 1));
}

/** The events of a stored message in order: one, or those of a pack. Undefined where a part is none of ours, or has no business there. */
export function unsealAll(raw: RawMessage, packs: Packs): readonly StoredEvent[] | undefined {
  if (!isPack(raw)) {
    const event = unseal(raw);
    return event === undefined ? undefined : [event];
  }
  if (packs === 'none') return undefined;
  const events = unpack(raw);
  const isFit = events.length > 0 && events.every(({ subject }) => mayShare(packs, raw.subject, subject));
  return isFit ? events : undefined;
}
