import { statSync } from 'node:fs';
import type { CliConfig } from '../config.ts';
import type { Instance } from './instance.ts';
import type { Layout } from './layout.ts';

/** Our services. */
export const services = ['api-watcher', 'translator', 'xds-server', 'bpf-agent'] as const;
export type ServiceName = (typeof services)[number];

/** Services that may run several times: one translator works and the others stand by; Envoy takes any xds-server. */
export const replicated = ['translator', 'xds-server'] as const satisfies readonly ServiceName[];

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Names of controllers whose GatewayClasses are served in standalone mode. */
export const standaloneControllers = [
  'sluice.dev/gateway-controller',
  'io.cilium/gateway-controller',
] as const;

/** The datapath that the user asked for. */
export interface DatapathRequest {
  /** Directory of cgroup2 whose processes are served; undefined: all of the machine. */
  readonly cgroup: string | undefined;
}

/** What the user asked for. */
export interface UpRequest {
  /** Absolute. */
  readonly dataDir: string;
  /** Absolute; never empty. */
  readonly directories: readonly string[];
  /** Undefined: the one of last time, or one that no running instance uses. */
  readonly pool: string | undefined;
  /** Undefined: Services have no addresses of their own. */
  readonly datapath: DatapathRequest | undefined;
  /** At least 1 of each, save bpf-agent: that is there for the datapath alone. */
  readonly replicas: Readonly<Record<ServiceName, number>>;
  readonly logLevel: LogLevel;
  /** How long running requests may take to end when stopping, milliseconds. */
  readonly drainTimeoutMs: number;
  /** End another supervisor of the data directory, and go on with its processes. */
  readonly takeOver: boolean;
}

/** Everything that the processes are configured from. */
export interface Settings {
  readonly layout: Layout;
  readonly request: UpRequest;
  readonly config: CliConfig;
  readonly natsServer: string;
  readonly envoy: string;
  readonly natsPort: number;
  readonly natsMonitorPort: number;
  readonly pool: string;
  readonly lowPortOffset: number;
}

/** A mistake in what the user asked for, or a state of the machine that the user can mend. */
export class UserError extends Error {
  /** What to do about it. */
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.name = 'UserError';
    this.hint = hint;
  }
}

/** @throws UserError where a directory is missing or cannot be handed to the services. */
export function checkDirectories(directories: readonly string[]): void {
  for (const directory of directories) {
    if (directory.includes(':'))
      throw new UserError(`${directory}: a directory with ':' in its path cannot be watched`, 'rename it');
    if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw new UserError(
        `${directory} is not a directory`,
        'name a directory that holds manifests (*.yaml)',
      );
  }
}

/** The instance file as it stands after a change. */
export function instanceOf(
  settings: Settings,
  of: Pick<Instance, 'version' | 'supervisor' | 'state' | 'processes'>,
): Instance {
  return {
    schema: 1,
    ...of,
    directories: [...settings.request.directories],
    natsPort: settings.natsPort,
    natsMonitorPort: settings.natsMonitorPort,
    pool: settings.pool,
    lowPortOffset: settings.lowPortOffset,
    controllerNames: [...standaloneControllers],
    ...(settings.config.routeLayout === undefined ? {} : { routeLayout: settings.config.routeLayout }),
  };
}
