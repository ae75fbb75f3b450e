import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { CommandContext, Finish } from '../command.ts';
import { type LogLevel, logLevels, replicated, type ServiceName, UserError } from '../standalone/settings.ts';
import { collect, defaultDrainMs, parseDuration } from './options.ts';

interface UpOptions {
  readonly dataDir?: string;
  readonly pool?: string;
  readonly replicas?: readonly string[];
  readonly logLevel: LogLevel;
  readonly drainTimeout?: number;
  readonly datapath: 'on' | 'off';
  readonly cgroup?: string;
  readonly takeOver?: boolean;
  readonly notes?: string;
}

const help = `
It starts nats-server, Envoy and the services of Sluice, watches the directories, and prints a line that begins with
"ready" once all that they ask for is in force. What is faulty is named with file and line, and not waited for.
Ctrl-C lets running requests end and stops everything; a second Ctrl-C stops at once. If this command is killed, the
processes go on; the next \`sluice up\` on the same data directory takes them over, and \`sluice down\` stops them.

With --datapath on, processes reach Services at the addresses that they have (clusterIP, externalIPs, node ports). Connections to other
addresses are left alone, and all of it is taken away when the instance stops.

Without the right to bind ports below 1024, port 80 becomes 10080 and so on; this is printed.

Examples:
  $ sluice up manifests/
  $ sluice up manifests/ --datapath on
  $ sluice up base/ team-a/ --data-dir ./.sluice/state
  $ sluice up manifests/ --pool 127.81.0.0/24 --replicas translator=2 --replicas xds-server=2`;

/** `sluice up DIR…`. */
export function registerUp(program: Command, context: CommandContext, finish: Finish): void {
  program
    .command('up')
    .summary('run the manifests of some directories until Ctrl-C')
    .description('Runs the manifests of some directories until Ctrl-C.')
    .argument('<dir...>', 'directories with YAML manifests; changes in them are followed')
    .option(
      '--data-dir <dir>',
      'where keys, log and state are kept (default: SLUICE_DATA_DIR or ~/.local/state/sluice)',
    )
    .option(
      '--pool <cidr>',
      'address range for Gateways (default: a /24 of 127.80.0.0/16 that no other instance uses)',
    )
    .option(
      '--replicas <service=n>',
      `run a service n times, for when one is gone (${replicated.join(', ')})`,
      collect,
    )
    .addOption(
      new Option('--log-level <level>', 'log level of the services').choices([...logLevels]).default('info'),
    )
    .option(
      '--drain-timeout <duration>',
      'how long running requests may take to end when stopping (default: 10s)',
      parseDuration,
    )
    .addOption(
      new Option(
        '--datapath <state>',
        'lead connections to the addresses of Services to their endpoints, by eBPF; needs root',
      )
        .choices(['on', 'off'])
        .default('off'),
    )
    .option(
      '--cgroup <dir>',
      'for the processes of a directory of cgroup2 and below (default: all processes of the machine)',
    )
    .option('--take-over', 'end another `sluice up` on the same data directory and go on with its processes')
    .option(
      '--notes <file>',
      'text to show once ready; {origin:NS/GATEWAY}, {address:NS/GATEWAY} and {port:80} are filled in',
    )
    .addHelpText('after', help)
    .action(async (directories: string[], options: UpOptions) => {
      const datapath = options.datapath === 'on' ? { cgroup: options.cgroup } : undefined;
      if (datapath === undefined && options.cgroup !== undefined)
        throw new UserError(
          '--cgroup is for the datapath, which is off',
          'add --datapath on, or leave it out',
        );
      const replicas = {
        ...parseReplicas(options.replicas ?? []),
        'bpf-agent': datapath === undefined ? 0 : 1,
      };
      const { defaultDataDir } = await import('../standalone/find-instance.ts');
      const { runUp } = await import('./up-action.ts');
      const request = {
        dataDir: options.dataDir === undefined ? defaultDataDir(context.config) : resolve(options.dataDir),
        directories: directories.map((directory) => resolve(directory)),
        pool: options.pool,
        datapath,
        replicas,
        logLevel: options.logLevel,
        drainTimeoutMs: options.drainTimeout ?? defaultDrainMs,
        takeOver: options.takeOver === true,
      };
      finish(await runUp(context, { request, notesFile: options.notes }));
    });
}

function parseReplicas(pairs: readonly string[]): Record<ServiceName, number> {
  const replicas: Record<ServiceName, number> = {
    'api-watcher': 1,
    translator: 1,
    'xds-server': 1,
    'bpf-agent': 0,
  };
  for (const pair of pairs) {
    const [name, count = ''] = pair.split('=');
    const service = replicated.find((known) => known === name);
    if (service === undefined || !/^[1-9]$/.test(count))
      throw new UserError(
        `--replicas ${pair} is not understood`,
        `write service=n, with n from 1 to 9; it is possible for ${replicated.join(', ')}`,
      );
    replicas[service] = Number(count);
  }
  return replicas;
}
