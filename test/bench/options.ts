import { Command, InvalidArgumentError } from 'commander';
import type { HostLayout } from '../harness/many-routes.ts';
import { type Part, parts } from './report.ts';

/** What is measured, and how much of it. */
export interface BenchOptions {
  /** As typed, for the report. */
  readonly command: string;
  readonly parts: readonly Part[];
  readonly hosts: readonly HostLayout[];
  /** Ascending. */
  readonly routes: readonly number[];
  /** Numbers of CiliumEnvoyConfigs in part `envoy-config`. */
  readonly envoyConfigs: readonly number[];
  /** Of each kind, after as many to warm up. */
  readonly changes: number;
  readonly churnSeconds: number;
  /** Changes a second. */
  readonly churnRates: readonly number[];
  readonly requestsPerSecond: number;
  /** Rounds of each layout in part `requests`. */
  readonly rounds: number;
  readonly requestsPerRound: number;
  /** Routes that attach to one Gateway in part `kubernetes`. */
  readonly attachedRoutes: number;
  /** Events of part `event-log`. */
  readonly logEvents: number;
  /** How long the platform is watched without a request, milliseconds. */
  readonly idleMs: number;
  /** Rest before memory is read, and before changes follow a start: by then checkpoints are written and garbage is collected. */
  readonly tidyMs: number;
  /** Looks of the client whose cost is measured. */
  readonly looks: number;
  /** Undefined: a new file in `.sluice/bench`. */
  readonly json: string | undefined;
  readonly markdown: string | undefined;
}

const hostNames = { own: 'own hostnames', one: 'one hostname' } as const satisfies Record<string, HostLayout>;

const help = `
Parts:
  start      cold start on a fresh data directory, and everything stopped and started again
  memory     of each process after the load, and after changes and churn
  change     one change at a time: a route, a new one, a removed one, a backend, an endpoint; and what it costs
  churn      changes at a steady rate under load, with the fewest and the most routes
  requests   Envoy's CPU for a request, scoped beside plain routes, with the fewest and the most routes
  ingress    one Ingress changed among many that share an address, with the fewest and the most
  envoy-config one CiliumEnvoyConfig changed among others, each with a listener of its own
  kubernetes the same behind a real API server, with the fewest and the most routes: start, changes, and the status of a
             Gateway that many routes attach to; needs root, and for its first run Go (docs/guides/test-cluster.md)
  event-log  what the log costs alone

The table goes to standard output, progress to standard error. Exit code 0, whatever the figures are; 1 if a request failed or
something never came; 2 for wrong usage.

Examples:
  $ npm run bench
  $ npm run bench -- --routes 100,10000 --only change
  $ npm run bench -- --only kubernetes,change --routes 100 --hosts own
  $ npm run bench -- --markdown docs/guides/performance.md
  $ SLUICE_ROUTE_LAYOUT=plain npm run bench -- --only change --routes 100,1000`;

/** What commander hands over. */
type Parsed = Omit<BenchOptions, 'command' | 'parts' | 'idleMs' | 'tidyMs' | 'looks' | 'hosts'> & {
  readonly only: readonly Part[];
  readonly hosts: readonly (keyof typeof hostNames)[];
};

/**
 * Reads the arguments.
 * @throws CommanderError for `--help` and for wrong usage, which has been told then
 */
export function parseOptions(argv: readonly string[]): BenchOptions {
  const program = new Command('npm run bench --')
    .description('Measures the running platform, and prints one table.')
    .option('--only <parts>', 'parts to measure, separated by commas', listOf(parts), [...parts])
    .option('--routes <n,…>', 'numbers of routes', listOfNumbers, [100, 1_000, 5_000, 10_000])
    .option('--hosts <shapes>', 'own: a hostname for each route; one: one for all', listOf(['own', 'one']), [
      'own',
      'one',
    ])
    .option('--envoy-configs <n,…>', 'numbers of CiliumEnvoyConfigs', listOfNumbers, [50, 500])
    .option('--changes <n>', 'measured changes of each kind, after as many to warm up', positive, 30)
    .option('--churn-seconds <n>', 'length of a churn', positive, 30)
    .option('--churn-rates <n,…>', 'changes a second', listOfNumbers, [2, 20])
    .option('--requests-per-second <n>', 'load during churn, at most 1000', positive, 500)
    .option('--rounds <n>', 'rounds of each route layout', positive, 6)
    .option('--requests-per-round <n>', 'requests in a round', positive, 3_000)
    .option('--attached-routes <n>', 'routes that attach to one Gateway', positive, 1_000)
    .option('--log-events <n>', 'events appended in each way', positive, 5_000)
    .option('--json <file>', 'where the whole report goes (default: a new file in .sluice/bench)')
    .option(
      '--markdown <file>',
      'also put the table between the marks <!-- bench:start --> and <!-- bench:end --> of a file',
    )
    .addHelpText('after', help)
    .showHelpAfterError('(--help shows what is possible)')
    .exitOverride();
  program.parse([...argv], { from: 'user' });
  const { only, hosts, json, markdown, ...counts } = program.opts<Parsed>();
  return {
    ...counts,
    command: commandOf(argv),
    parts: only,
    hosts: hosts.map((name) => hostNames[name]),
    routes: counts.routes.toSorted((a, b) => a - b),
    idleMs: 3_000,
    tidyMs: 20_000,
    looks: 1_000,
    json,
    markdown,
  };
}

/** The command line that measures the same again: where its output went does not matter. */
function commandOf(argv: readonly string[]): string {
  const layout = process.env.SLUICE_ROUTE_LAYOUT;
  const output = (word: string | undefined): boolean => word === '--json' || word === '--markdown';
  const words = argv.filter((word, i) => !output(word) && !output(argv[i - 1]));
  const variables = layout === undefined ? [] : [`SLUICE_ROUTE_LAYOUT=${layout}`];
  return [...variables, 'npm run bench', ...(words.length === 0 ? [] : ['--', ...words])].join(' ');
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number of 1 or more.');
  return value;
}

function listOfNumbers(text: string): number[] {
  return text.split(',').map(positive);
}

function listOf<T extends string>(known: readonly T[]): (text: string) => T[] {
  return (text) =>
    text.split(',').map((name) => {
      const found = known.find((each) => each === name);
      if (found === undefined) throw new InvalidArgumentError(`It may be any of ${known.join(', ')}.`);
      return found;
    });
}
