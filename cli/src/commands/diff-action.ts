import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CommandContext, ExitCode } from '../command.ts';
import { loadWorld } from '../connection.ts';
import { nodeOf } from '../model/datapath.ts';
import type { Moment } from '../model/find-moment.ts';
import { type Preview, previewManifests } from '../model/preview.ts';
import { type Snapshot, settledEnvoys, snapshotAt, type Translation } from '../model/snapshot.ts';
import { standaloneControllers, UserError } from '../standalone/settings.ts';
import type { DiffReport } from './diff-document.ts';
import type { DiffOutput, DiffTarget } from './diff-options.ts';
import { makeReport, printReport } from './diff-report.ts';
import { parseAt } from './explain.ts';
import { type LogSource, openFixture, openLog } from './replay-source.ts';

/** One side of a comparison as it was asked for. */
export type Side =
  | { readonly type: 'now' }
  | { readonly type: 'moment'; readonly moment: Moment }
  /** Never empty. */
  | { readonly type: 'manifests'; readonly directories: readonly string[] };

/** What is compared. */
export interface Sides {
  readonly from: Side;
  readonly to: Side;
}

/** Reads the two sides. With one of them left out it is compared with now, which manifests come after and moments before. */
export function parseSides(from: string, to: string | undefined): Sides {
  const first = parseSide(from);
  const now: Side = { type: 'now' };
  if (to !== undefined) return { from: first, to: parseSide(to) };
  return first.type === 'manifests' ? { from: now, to: first } : { from: first, to: now };
}

/** Reads `now`, a moment, or directories. @throws UserError where it is none of them */
export function parseSide(text: string): Side {
  if (text === 'now') return { type: 'now' };
  const moment = momentOf(text);
  if (moment !== undefined) return { type: 'moment', moment };
  const directories = text.split(':');
  const missing = directories.find(
    (directory) => directory === '' || statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true,
  );
  if (missing === undefined) return { type: 'manifests', directories };
  throw new UserError(
    `${text} is neither a moment nor a directory`,
    'write now, a sequence (42), a revision (2-17), a time (10m, 2026-11-22T18:00:00Z) or a directory of manifests',
  );
}

function momentOf(text: string): Moment | undefined {
  try {
    return parseAt(text);
  } catch {
    return undefined;
  }
}

/** Compares and prints. Findings (1): something differs, or a manifest is faulty. */
export async function runDiff(
  context: CommandContext,
  of: DiffOutput & DiffTarget & Sides,
): Promise<ExitCode> {
  const dataDir = of.dataDir === undefined ? undefined : resolve(of.dataDir);
  await using source: LogSource =
    of.fixture === undefined ? await openLog(context.config, dataDir) : await openFixture(of.fixture);
  const report = await compareSides(source, of);
  printReport(context.terminal, report, of);
  return report.equal && report.faults.length === 0 ? 0 : 1;
}

async function compareSides(source: LogSource, of: DiffOutput & Sides): Promise<DiffReport> {
  const { log, found } = source;
  const translation: Translation = {
    controllerNames: found?.instance.controllerNames ?? standaloneControllers,
    acks: await settledEnvoys(log),
  };
  let now: Promise<Snapshot> | undefined;
  const baseNow = () => {
    now ??= snapshotAt(log, { moment: undefined, translation });
    return now;
  };
  const load = async (side: Side): Promise<Preview> => {
    if (side.type === 'now') return { snapshot: await baseNow(), faults: [] };
    if (side.type === 'moment')
      return { snapshot: await snapshotAt(log, { moment: side.moment, translation }), faults: [] };
    if (found === undefined)
      throw new UserError(
        'manifests can be compared with an instance only',
        'addresses and keys of an exported log are not known: leave --fixture out',
      );
    const { directories } = side;
    const { maxEventBytes } = log;
    return previewManifests({ base: await baseNow(), directories, found, maxEventBytes, translation });
  };
  const [from, to] = [await load(of.from), await load(of.to)];
  const report = await makeReport(found, {
    from: from.snapshot,
    to: to.snapshot,
    routeLayout: of.routeLayout,
    node: nodeOf((await loadWorld(log, ['ACKS'])).datapaths.values()),
    requests: of.requests,
  });
  return { ...report, faults: [...from.faults, ...to.faults] };
}
