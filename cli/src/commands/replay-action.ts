import { resolve } from 'node:path';
import { version } from '@sluice/service-kit';
import type { CommandContext, ExitCode } from '../command.ts';
import { escapeText, toJson } from '../output/escape.ts';
import { toYaml } from '../output/yaml.ts';
import { standaloneControllers } from '../standalone/settings.ts';
import { type ReplayReport, replayLog } from './replay-log.ts';
import { type LogSource, openFixture, openLog } from './replay-source.ts';

/** Options of `sluice replay`. */
export interface ReplayOptions {
  readonly dataDir?: string;
  readonly fixture?: string;
  readonly routeLayout?: string;
  readonly output: 'table' | 'json' | 'yaml';
}

/** Replays a log and prints what was found. Findings (1): damage, or a revision of this version that differs. */
export async function runReplay(
  { config, terminal }: CommandContext,
  options: ReplayOptions,
): Promise<ExitCode> {
  const dataDir = options.dataDir === undefined ? undefined : resolve(options.dataDir);
  await using source: LogSource =
    options.fixture === undefined ? await openLog(config, dataDir) : await openFixture(options.fixture);
  const report = await replayLog(source.log, {
    controllerNames: source.found?.instance.controllerNames ?? standaloneControllers,
    routeLayout: options.routeLayout ?? source.found?.instance.routeLayout,
  });
  const faults = faultsOf(report);
  if (options.output === 'json')
    terminal.out(toJson({ ok: faults.length === 0, version, faults, ...report }));
  else if (options.output === 'yaml')
    terminal.out(toYaml({ ok: faults.length === 0, version, faults, ...report }).trimEnd());
  else for (const line of linesOf(report, faults)) terminal.out(escapeText(line));
  return faults.length === 0 ? 0 : 1;
}

/** What is wrong, in words. A revision that another version of the translator made may differ. */
function faultsOf({ streams, revisions, ir, maps }: ReplayReport): string[] {
  return [
    ...streams.flatMap(({ stream, damage, checkpoints }) => [
      ...damage.map(({ from, to, message }) => `${stream} ${from}–${to}: ${message}`),
      ...checkpoints.flatMap(({ seq, ok }) =>
        ok ? [] : [`${stream}: checkpoint ${seq} does not fit its hash`],
      ),
    ]),
    ...revisions
      .filter(({ result, translator }) => result === 'differs' && translator === version)
      .map(
        ({ revision, recordedHash, replayedHash }) =>
          `revision ${revision}: recorded ${recordedHash}, replayed ${replayedHash}`,
      ),
    ...(ir === null || ir.computedHash === ir.recordedHash
      ? []
      : [
          `IR: what stands on the log has the hash ${ir.computedHash}, its newest revision says ${ir.recordedHash}`,
        ]),
    ...maps
      .filter(({ result }) => result === 'differs')
      .map(
        ({ node, revision, recordedHash, computedHash }) =>
          `maps of node ${node} at revision ${revision}: recorded ${recordedHash}, computed ${computedHash}`,
      ),
  ];
}

function linesOf(
  { streams, revisions, difference, maps, xdsHash }: ReplayReport,
  faults: readonly string[],
): string[] {
  const same = revisions.filter(({ result }) => result === 'same').length;
  const unknown = revisions.filter(({ result }) => result === 'unknown').length;
  const others = revisions.filter(({ result, translator }) => result === 'differs' && translator !== version);
  return [
    ...streams.map(
      ({ stream, events, firstSeq, lastSeq, checkpoints, healed }) =>
        `${stream.padEnd(8)}${events} events (${firstSeq}–${lastSeq}), ${checkpoints.length} checkpoints${healed.length === 0 ? '' : `, ${healed.length} healed`}`,
    ),
    `revisions: ${revisions.length} on the log, ${same} replayed to the same hash${unknown === 0 ? '' : `, ${unknown} made from facts that are not retained`}`,
    ...(others.length === 0
      ? []
      : [
          `${others.length} were made by another version of the translator and differ from version ${version}`,
        ]),
    ...(difference === null ? [] : differenceLines(difference)),
    ...maps.map(({ node, result, revision }) =>
      result === 'unknown'
        ? `maps of node ${node}: the newest revision is not acknowledged`
        : `maps of node ${node}: at revision ${revision}, ${result === 'same' ? 'as the IR has it' : 'other than the IR has it'}`,
    ),
    `xDS: ${xdsHash === '' ? 'not compiled, since the IR is damaged' : xdsHash}`,
    ...faults.map((fault) => `fault: ${fault}`),
    faults.length === 0 ? 'verified' : `${faults.length} fault${faults.length === 1 ? '' : 's'}`,
  ];
}

function differenceLines({
  onlyRecorded,
  onlyReplayed,
  changed,
}: NonNullable<ReplayReport['difference']>): string[] {
  return [
    ...onlyRecorded.map((id) => `  - ${id} (only on the log)`),
    ...onlyReplayed.map((id) => `  + ${id} (only replayed)`),
    ...changed.map((id) => `  ~ ${id}`),
  ];
}
