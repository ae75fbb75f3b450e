import { type Command, Option } from 'commander';
import { outputOption, parseWhole, routeLayoutOption } from './options.ts';

/** How a comparison is printed. */
export interface DiffOutput {
  readonly details?: boolean;
  /** Changes named of each part; 0: all. */
  readonly limit: number;
  /** Records of the access log to read; 0: none. */
  readonly requests: number;
  readonly routeLayout?: string;
  readonly output: 'table' | 'json' | 'yaml';
}

/** Adds the options that `diff` and `replay --with` have in common. */
export function addDiffOptions(command: Command): Command {
  return command
    .option('--details', 'show what changed, line by line')
    .addOption(
      new Option('--limit <n>', 'name at most so many changes of each part, 0 for all')
        .argParser(parseWhole(0))
        .default(50),
    )
    .addOption(
      new Option('--requests <n>', 'ask so many of the newest logged requests again, 0 for none')
        .argParser(parseWhole(0))
        .default(10_000),
    )
    .addOption(routeLayoutOption())
    .addOption(outputOption(['table', 'json', 'yaml']));
}

/** Which log is meant. */
export interface DiffTarget {
  readonly dataDir?: string;
  readonly fixture?: string;
}
