// A comparison as one document, and how it is printed.
import { type Fault, formatRevision } from '@sluice/events';
import { readAccessLog } from '../model/access-log.ts';
import { compareRequests, type RequestComparison } from '../model/compare-requests.ts';
import { type Comparison, compareSnapshots } from '../model/comparison.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { toJson } from '../output/escape.ts';
import type { Terminal } from '../output/terminal.ts';
import { toYaml } from '../output/yaml.ts';
import type { FoundInstance } from '../standalone/instance.ts';
import type { DiffOutput } from './diff-options.ts';
import { reportLines } from './diff-text.ts';

/** One side, named. */
export interface NamedSide {
  readonly label: string;
  readonly revision: string | null;
}

/** All that is told of a comparison. */
export interface DiffReport {
  readonly from: NamedSide;
  readonly to: NamedSide;
  readonly equal: boolean;
  /** Hashes over the IR of both sides, where another translator was asked. */
  readonly irHash?: { readonly from: string; readonly to: string };
  readonly changes: Comparison;
  /** Null where there is no access log to be asked. */
  readonly requests: RequestComparison | null;
  /** Faults of manifests; their objects are compared as they are in force. */
  readonly faults: readonly Fault[];
  /** What the reader has to know to read it rightly. */
  readonly notes: readonly string[];
}

/** Compares two states, and the logged requests of an instance on both of them. */
export async function makeReport(
  found: FoundInstance | undefined,
  of: {
    readonly from: Snapshot;
    readonly to: Snapshot;
    readonly routeLayout: string | undefined;
    readonly requests: number;
  },
): Promise<DiffReport> {
  const { from, to } = of;
  const changes = compareSnapshots(from, to, of.routeLayout ?? found?.instance.routeLayout);
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
