// The IR as it was at a moment, and the events that made it so.
import type { EventLog, LogEvent } from '@sluice/event-log';
import { buildSubject, decodeEvent, formatRevision, irSubject, type Revision, streams } from '@sluice/events';
import { compareObjectRefs, compareText, type IrKind, type IrResource, type ObjectRef } from '@sluice/ir';
import { UserError } from '../standalone/settings.ts';
import { findSequence, type Moment } from './find-moment.ts';
import { World } from './world.ts';

/** An event that made something so. */
export interface Cause {
  readonly seq: number;
  /** RFC 3339. */
  readonly time: string;
}

/** The fact that an object stands on. */
export interface ObjectCause extends Cause {
  readonly type: string;
  /** `file:line:column`; absent where the fact tells none. */
  readonly origin?: string;
}

/** The IR at a moment. */
export interface PastIr {
  /** Of the state as a whole; undefined before the first. */
  readonly revision: Revision | undefined;
  readonly resources: readonly IrResource[];
  /** The revision that last changed a resource, and when that was written. */
  changeOf(kind: IrKind, key: string): (Cause & { readonly revision: string }) | undefined;
  /** The fact that an object stood on then; undefined where there is none. */
  factOf(ref: ObjectRef): ObjectCause | undefined;
  /** What Envoys refused of an object then: there its last version stays in force. Sorted by node. */
  refusalsOf(ref: ObjectRef): readonly { readonly node: string; readonly message: string }[];
}

/** Loads the IR as it was at a moment (default: now), with the facts it was made from. @throws UserError, LogError */
export async function loadPastIr(log: EventLog, moment?: Moment): Promise<PastIr> {
  const irSeq = moment === undefined ? undefined : await sequenceOf(log, moment);
  const ir = await log.stateAt(streams.IR.name, irSeq);
  const world = new World();
  world.apply('IR', [...ir.events.values()]);
  const revision = world.committed?.revision;
  const facts = revision === undefined ? undefined : await log.stateAt(streams.FACTS.name, revision.seq);
  return {
    revision,
    resources: [...world.ir.values()].map(({ resource }) => resource),
    changeOf: (kind, key) => {
      const event = ir.events.get(irSubject(kind, key));
      const put = world.ir.get(`${kind}:${key}`);
      if (event === undefined || put === undefined) return undefined;
      return { ...causeOf(event), revision: formatRevision(put.revision) };
    },
    factOf: (ref) => {
      const event = facts?.events.get(buildSubject({ domain: 'object', ...ref }));
      return event === undefined ? undefined : { ...causeOf(event), type: event.type, ...originOf(event) };
    },
    refusalsOf: (ref) => refusalsOf(facts?.events.values() ?? [], ref),
  };
}

/** The sequence on IR of the last revision that is not after the moment. @throws UserError where there is none */
async function sequenceOf(log: EventLog, moment: Moment): Promise<number> {
  const found = await findSequence(log, moment);
  if (found !== undefined) return found;
  throw new UserError(
    'nothing was translated yet at that moment, or it is before retained history',
    '`sluice log` shows what is retained',
  );
}

function refusalsOf(facts: Iterable<LogEvent>, ref: ObjectRef): { node: string; message: string }[] {
  const found: { node: string; message: string }[] = [];
  for (const { subject, data } of facts) {
    if (!subject.startsWith('rejection.')) continue;
    const decoded = decodeEvent('FACTS', data);
    if (!decoded.ok || decoded.event.type !== 'ResourceRejected') continue;
    const { sources, node, message } = decoded.event;
    if (sources.some((source) => compareObjectRefs(source, ref) === 0)) found.push({ node, message });
  }
  return found.sort((a, b) => compareText(a.node, b.node));
}

function causeOf({ seq, timeMs }: LogEvent): Cause {
  return { seq, time: new Date(timeMs).toISOString() };
}

function originOf(event: LogEvent): { origin?: string } {
  const decoded = decodeEvent('FACTS', event.data);
  if (!decoded.ok || decoded.event.type !== 'ObjectChanged' || decoded.event.origin.file === '') return {};
  const { file, line, column } = decoded.event.origin;
  return { origin: `${file}:${line}:${column}` };
}
