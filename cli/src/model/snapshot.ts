// The whole of Sluice at a moment, to be compared with another: objects, IR, and the status that this version of the
// translator gives to the facts. The statuses on the log are not used: they also tell which Envoy had answered when,
// and old ones are not kept.
import type { EventLog, LogEvent } from '@sluice/event-log';
import {
  type AckEvent,
  encodeEvent,
  type Fact,
  formatRevision,
  type Revision,
  streams,
} from '@sluice/events';
import { kinds } from '@sluice/kinds';
import {
  type FactInput,
  type StatusOutput,
  translateFromScratch,
  withTransitionTimes,
} from '@sluice/translator/core';
import { bySequence } from '../connection.ts';
import { UserError } from '../standalone/settings.ts';
import { findSequence, type Moment } from './find-moment.ts';
import { refKey, World } from './world.ts';

/** One side of a comparison. */
export interface Snapshot {
  /** What it is, for people. */
  readonly label: string;
  /** Of the IR; undefined before the first. */
  readonly revision: Revision | undefined;
  /** Sequence of the last fact folded in; 0 where there is none. */
  readonly factsSeq: number;
  /** Facts, IR, and statuses as translated; no Envoys. */
  readonly world: World;
  /** Resources of another version, in a form that this one does not know, by id. Absent: none. */
  readonly foreign?: ReadonlyMap<string, unknown>;
}

/** What both sides are translated with. */
export interface Translation {
  readonly controllerNames: readonly string[];
  /** Envoys that have acknowledged everything. */
  readonly acks: readonly AckEvent[];
}

/** The Envoys that are connected now, as if each had acknowledged all: so statuses differ by what is asked for alone. */
export async function settledEnvoys(log: EventLog): Promise<AckEvent[]> {
  const world = new World();
  world.apply('ACKS', [...(await log.stateAt(streams.ACKS.name)).events.values()].sort(bySequence));
  const acked = { epoch: Number.MAX_SAFE_INTEGER, seq: Number.MAX_SAFE_INTEGER };
  return [...world.envoys.values()]
    .filter(({ state }) => state !== 'disconnected')
    .map(({ server, node }) => ({ type: 'EnvoyStateChanged', server, node, state: 'connected', acked }));
}

/** The state as it was at a moment (undefined: now). @throws UserError, LogError where that is not retained */
export async function snapshotAt(
  log: EventLog,
  of: { readonly moment: Moment | undefined; readonly translation: Translation },
): Promise<Snapshot> {
  const { moment } = of;
  const factsSeq = moment === undefined ? undefined : await factsSequenceOf(log, moment);
  const facts = await log.stateAt(streams.FACTS.name, factsSeq);
  const world = new World();
  world.apply('FACTS', [...facts.events.values()].sort(bySequence));
  world.apply('IR', await irEvents(log, moment));
  const { status } = translateFromScratch(factsOf(world), of.translation);
  setStatuses(world, status.values());
  const revision = world.committed?.revision;
  const name = revision === undefined ? 'before the first revision' : `revision ${formatRevision(revision)}`;
  return {
    label: moment === undefined ? `now, ${name}` : name,
    revision,
    factsSeq: facts.position.seq,
    world,
  };
}

/** The IR of the moment; nothing where the first revision came later. */
async function irEvents(log: EventLog, moment: Moment | undefined): Promise<LogEvent[]> {
  const seq = moment === undefined ? undefined : await findSequence(log, moment);
  const { firstSeq } = await log.info(streams.IR.name);
  if (moment !== undefined && seq === undefined) {
    if (firstSeq <= 1 && moment.type !== 'revision') return [];
    throw new UserError('that moment is before retained history', '`sluice log` shows what is retained');
  }
  const state = await log.stateAt(streams.IR.name, seq);
  return [...state.events.values()].sort(bySequence);
}

/** The sequence of the last fact that is not after the moment. */
async function factsSequenceOf(log: EventLog, moment: Moment): Promise<number> {
  const { lastSeq } = await log.info(streams.FACTS.name);
  const seq = moment.type === 'time' ? await lastBefore(log, moment.timeMs) : sequenceIn(moment);
  if (seq <= lastSeq) return seq;
  throw new UserError(
    `there is no fact ${seq} yet: the newest is ${lastSeq}`,
    '`sluice log` shows the sequences of facts',
  );
}

function sequenceIn(moment: Exclude<Moment, { type: 'time' }>): number {
  return moment.type === 'sequence' ? moment.seq : Number(moment.revision.split('-')[1]);
}

async function lastBefore(log: EventLog, timeMs: number): Promise<number> {
  let last: number | undefined;
  for await (const { seq } of log.read(streams.FACTS.name, { toTimeMs: timeMs })) last = seq;
  if (last !== undefined) return last;
  throw new UserError('that moment is before retained history', '`sluice log` shows what is retained');
}

/**
 * The facts of a world as the translator takes them. A kind that this version knows and the log's does not has no
 * objects there: its first list is taken to be empty, where there is any first list.
 */
export function factsOf(world: World): FactInput[] {
  const facts = [...world.facts].map(([subject, fact]) => ({ subject, fact }));
  if (!facts.some(({ fact }) => fact.type === 'KindSynced')) return facts;
  const missing = kinds.flatMap(({ group, kind }): FactInput[] => {
    const fact: Fact = { type: 'KindSynced', group, kind, state: 'synced', reason: '' };
    const { subject } = encodeEvent(fact);
    return world.facts.has(subject) ? [] : [{ subject, fact }];
  });
  return [...facts, ...missing];
}

/** Gives a world these statuses in place of its own. They have no times. */
export function setStatuses(world: World, statuses: Iterable<StatusOutput>): void {
  world.statuses.clear();
  for (const { ref, uid, status } of statuses) {
    const timed = withTransitionTimes(status, undefined, '') as Readonly<Record<string, unknown>>;
    world.statuses.set(refKey(ref), { type: 'StatusChanged', ref, uid, status: timed });
  }
}
