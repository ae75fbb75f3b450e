import type { EventLog, LogEvent, VerifyReport } from '@sluice/event-log';
import { decodeEvent, streams } from '@sluice/events';
import { irHash, SetHash } from '@sluice/ir';
import { loadWorld } from '../connection.ts';
import { compareIr, type IrDifference, Replayer, type RevisionOutcome, xdsHash } from '../model/replay.ts';
import { compareMaps, type MapsOutcome } from '../model/replay-maps.ts';
import { type Committed, World } from '../model/world.ts';
import { compileWith } from '../model/xds.ts';
import { streamNames } from './log-options.ts';

/** What a replay found. */
export interface ReplayReport {
  readonly streams: readonly VerifyReport[];
  /** Each recorded revision, in order. */
  readonly revisions: readonly RevisionOutcome[];
  /** Hash of the IR that stands on the log, computed anew, and as its newest revision recorded it. */
  readonly ir: { readonly computedHash: string; readonly recordedHash: string } | null;
  /** Where the newest revision differs: how. */
  readonly difference: IrDifference | null;
  /** What has to be in the maps of each node that an agent has spoken for; none where the IR is damaged. */
  readonly maps: readonly MapsOutcome[];
  /** Hash over all that Envoy is given; the empty string where the IR is damaged. */
  readonly xdsHash: string;
}

/** Verifies every stream, translates the facts again and compares. Reads only. */
export async function replayLog(
  log: EventLog,
  of: { readonly controllerNames: readonly string[]; readonly routeLayout: string | undefined },
): Promise<ReplayReport> {
  const reports: VerifyReport[] = [];
  for (const name of streamNames) reports.push(await log.verify(name));
  const { revisions, replayer } = await compareRevisions(log, { ...of, reports });
  // A damaged stream has no state that could be compared: its damage is the finding.
  const whole = reports.every(({ stream, damage }) => stream !== 'IR' || damage.length === 0);
  const world = whole ? await loadWorld(log, ['IR', 'ACKS']) : new World();
  const recorded = new Map([...world.ir].map(([id, { resource }]) => [id, resource]));
  const computed = new SetHash();
  for (const resource of recorded.values()) computed.add(irHash(resource));
  const { committed } = world;
  return {
    streams: reports,
    revisions,
    ir:
      committed === undefined
        ? null
        : { computedHash: computed.toString(), recordedHash: committed.stateHash },
    difference: whole && revisions.at(-1)?.result === 'differs' ? compareIr(recorded, replayer.ir) : null,
    maps: compareMaps(world.datapaths.values(), {
      ir: [...recorded.values()],
      revision: committed?.revision,
    }),
    xdsHash: whole ? xdsHash(compileWith(world.ir.values(), of.routeLayout)) : '',
  };
}

async function compareRevisions(
  log: EventLog,
  of: { readonly controllerNames: readonly string[]; readonly reports: readonly VerifyReport[] },
): Promise<{ revisions: RevisionOutcome[]; replayer: Replayer }> {
  const base = await factsBase(log, of.reports);
  const facts = of.reports.find(({ stream }) => stream === streams.FACTS.name);
  const replayer = new Replayer({
    controllerNames: of.controllerNames,
    baseSeq: base.seq,
    lostSeqs: (facts?.healed ?? []).map(({ from }) => from),
  });
  for (const event of base.events) replayer.take(event);
  const stored = log.read(streams.FACTS.name, { fromSeq: base.seq + 1 })[Symbol.asyncIterator]();
  const revisions: RevisionOutcome[] = [];
  let next = await stored.next();
  for await (const recorded of commits(log)) {
    while (next.done !== true && next.value.seq <= recorded.revision.seq) {
      replayer.take(next.value);
      next = await stored.next();
    }
    revisions.push(replayer.compare(recorded));
  }
  await stored.return?.(undefined);
  return { revisions, replayer };
}

/** The folded state that retained facts begin with: the oldest good checkpoint where the head was purged. */
async function factsBase(
  log: EventLog,
  reports: readonly VerifyReport[],
): Promise<{ readonly seq: number; readonly events: readonly LogEvent[] }> {
  const report = reports.find(({ stream }) => stream === 'FACTS');
  if (report === undefined || report.firstSeq <= 1) return { seq: 0, events: [] };
  const oldest = report.checkpoints.find(({ ok }) => ok);
  if (oldest === undefined) return { seq: report.firstSeq - 1, events: [] };
  const state = await log.stateAt('FACTS', oldest.seq);
  return { seq: oldest.seq, events: [...state.events.values()].sort((a, b) => a.seq - b.seq) };
}

async function* commits(log: EventLog): AsyncGenerator<Committed> {
  for await (const event of log.read('IR', { subjects: ['revision.v1.>'] })) {
    const decoded = decodeEvent('IR', event.data);
    if (decoded.ok && decoded.event.type === 'RevisionCommitted') yield decoded.event;
  }
}
