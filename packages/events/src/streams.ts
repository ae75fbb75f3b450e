import type { Domain } from './subjects.ts';
import { domains } from './subjects.ts';

/** What a stream promises; `event-log` turns it into JetStream settings. */
export interface StreamDefinition {
  readonly name: 'FACTS' | 'IR' | 'ACKS' | 'STATUS' | 'SECRETS';
  readonly subjects: readonly string[];
  /** Newest messages kept per subject; absent: all of them, and then a gap in the sequence is damage. */
  readonly keepPerSubject?: number;
  /** Events come in transactions closed by a marker; a consumer sees whole ones only. */
  readonly transactional: boolean;
}
export type StreamName = StreamDefinition['name'];

function subjectsOf(stream: StreamName): string[] {
  return (Object.keys(domains) as Domain[]).filter((d) => domains[d] === stream).map((d) => `${d}.v1.>`);
}

/** FACTS decide; IR is derived from them; ACKS and STATUS move conditions only; SECRETS keeps the newest sealed version of each key. */
export const streams: Readonly<Record<StreamName, StreamDefinition>> = {
  FACTS: { name: 'FACTS', subjects: subjectsOf('FACTS'), transactional: false },
  IR: { name: 'IR', subjects: subjectsOf('IR'), transactional: true },
  ACKS: { name: 'ACKS', subjects: subjectsOf('ACKS'), keepPerSubject: 8, transactional: false },
  STATUS: { name: 'STATUS', subjects: subjectsOf('STATUS'), keepPerSubject: 8, transactional: false },
  SECRETS: { name: 'SECRETS', subjects: subjectsOf('SECRETS'), keepPerSubject: 1, transactional: false },
};
