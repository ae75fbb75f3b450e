import { homedir, tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';

const environmentSchema = z.object({
  SLUICE_DATA_DIR: z.string().min(1).optional(),
  XDG_STATE_HOME: z.string().min(1).optional(),
  HOME: z.string().min(1).optional(),
  PATH: z.string().default('/usr/local/bin:/usr/bin:/bin'),
  NO_COLOR: z.string().optional(),
  NODE_COMPILE_CACHE: z.string().min(1).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.string().min(1).optional(),
  SLUICE_SILENT_MS: z.string().optional(),
  SLUICE_ROUTE_LAYOUT: z.string().optional(),
});

/** What the command takes from its environment. */
export interface CliConfig {
  /** Absolute. Where state lives when no data directory is named: `$XDG_STATE_HOME` or `~/.local/state`. */
  readonly stateHome: string;
  /** Absolute. Of `SLUICE_DATA_DIR`; undefined when that is unset or empty. */
  readonly dataDir: string | undefined;
  /** Absolute, parent of the directory for sockets whose path would be too long elsewhere. */
  readonly tmpDir: string;
  readonly uid: number;
  /** Search path for nats-server and Envoy. */
  readonly path: string;
  /** Where Node keeps compiled code, for the services too; undefined: inside the data directory. */
  readonly compileCache: string | undefined;
  /** Handed on to the services: traces go there. Undefined: tracing is off. */
  readonly otlpEndpoint: string | undefined;
  /** Handed on to xds-server, which checks it. Undefined: its default. */
  readonly silentMs: string | undefined;
  /** Handed on to xds-server, which checks it. Undefined: its default. */
  readonly routeLayout: string | undefined;
}

/** Reads the environment; the only place of the command that does. Empty variables count as unset. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): CliConfig {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const env = environmentSchema.parse(given);
  return {
    stateHome: resolve(env.XDG_STATE_HOME ?? join(env.HOME ?? homedir(), '.local', 'state')),
    dataDir: env.SLUICE_DATA_DIR === undefined ? undefined : resolve(env.SLUICE_DATA_DIR),
    tmpDir: tmpdir(),
    uid: userInfo().uid,
    path: env.PATH,
    compileCache: env.NODE_COMPILE_CACHE,
    otlpEndpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    silentMs: env.SLUICE_SILENT_MS,
    routeLayout: env.SLUICE_ROUTE_LAYOUT,
  };
}
