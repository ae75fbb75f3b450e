// A comparison as one document, and how it is printed.
import type { NodeSettings } from '@sluice/bpf-agent/core';
import { formatRevision } from '@sluice/events';
import { readAccessLog } from '../model/access-log.ts';
import { compareRequests } from '../model/compare-requests.ts';
import { compareSnapshots } from '../model/comparison.ts';
import { nodeOf } from '../model/datapath.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { toJson } from '../output/escape.ts';
import type { Terminal } from '../output/terminal.ts';
import { toYaml } from '../output/yaml.ts';
import type { FoundInstance } from '../standalone/instance.ts';
import type { DiffReport, NamedSide } from './diff-document.ts';
import type { DiffOutput } from './diff-options.ts';
import { reportLines } from './diff-text.ts';

/** Compares two states, and the logged requests of an instance on both of them. */
export async function makeReport(
  found: FoundInstance | undefined,
  of: {
    readonly from: Snapshot;
    readonly to: Snapshot;
    readonly routeLayout: string | undefined;
    /** Whose kernel is looked at; default: a node of which nothing is known. */
    readonly node?: NodeSettings;
    readonly requests: number;
  },
): Promise<DiffReport> {
  const { from, to } = of;
  const changes = compareSnapshots(from, to, {
    layout: of.routeLayout ?? found?.instance.routeLayout,
    node: of.node ?? nodeOf([]),
  });
  const requests =
    found === undefined || of.requests === 0
      ? null
      : await compareRequests({
          before: resourcesOf(from),
          after: resourcesOf(to),
          log: readAccessLog(found.layout.log),
          limit: of.requests,
        });
  const equal =
    Object.values(changes).every((part) => part.length === 0) && (requests?.changes.length ?? 0) === 0;
  return { from: named(from), to: named(to), equal, changes, requests, faults: [], notes: [] };
}

function resourcesOf({ world }: Snapshot) {
  return [...world.ir.values()].map(({ resource }) => resource);
}

function named({ label, revision }: Snapshot): NamedSide {
  return { label, revision: revision === undefined ? null : formatRevision(revision) };
}

/** Prints it as asked for: everything as data, or for people what `--limit` and `--details` say. */
export function printReport(terminal: Terminal, report: DiffReport, of: DiffOutput): void {
  if (of.output === 'json') terminal.out(toJson(report));
  else if (of.output === 'yaml') terminal.out(toYaml(report).trimEnd());
  else for (const line of reportLines(report, { ...of, colors: terminal.colors })) terminal.out(line);
}
