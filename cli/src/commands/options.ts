import { InvalidArgumentError, Option } from 'commander';

/** `--data-dir D`: which instance is meant. */
export function dataDirOption(): Option {
  return new Option(
    '--data-dir <dir>',
    'data directory of the instance (default: the one that runs, or SLUICE_DATA_DIR)',
  );
}

/** `-o, --output`: one of `formats`, the first being the default. */
export function outputOption(formats: readonly [string, ...string[]]): Option {
  return new Option('-o, --output <format>', 'how to print it').choices(formats).default(formats[0]);
}

/** `--route-layout L`: for a log without an instance, or to see the other one. */
export function routeLayoutOption(): Option {
  return new Option(
    '--route-layout <layout>',
    'how routes are cut into xDS (default: as the instance was started)',
  ).choices(['scoped', 'plain']);
}

/** How long running requests may take to end, milliseconds. */
export const defaultDrainMs = 10_000;

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `90s`, `10m`, `2h` or `1d`; milliseconds. @throws InvalidArgumentError */
export function parseDuration(text: string): number {
  const parts = /^(\d+)([smhd])$/.exec(text);
  const unit = unitMs[parts?.[2] ?? ''];
  if (parts === null || unit === undefined)
    throw new InvalidArgumentError('write a duration like 90s, 10m, 2h or 1d.');
  return Number(parts[1]) * unit;
}

/** Reads a moment: RFC 3339 (`2026-11-22T18:00:00Z`), or how long ago (`10m`); milliseconds since 1970. @throws InvalidArgumentError */
export function parseMoment(text: string): number {
  if (/^\d+[smhd]$/.test(text)) return Date.now() - parseDuration(text);
  const moment = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(moment))
    throw new InvalidArgumentError('write a moment like 2026-11-22T18:00:00Z, or how long ago like 10m.');
  return moment;
}

/** Reads a whole number of at least `min`. @throws InvalidArgumentError */
export function parseWhole(min: number): (text: string) => number {
  return (text) => {
    if (!/^\d+$/.test(text) || Number(text) < min)
      throw new InvalidArgumentError(`write a whole number of at least ${min}.`);
    return Number(text);
  };
}

/** Collects a repeatable option; commas separate, too. */
export function collect(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), ...text.split(',').map((part) => part.trim())].filter((part) => part !== '');
}
