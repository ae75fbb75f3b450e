import type { Tracer } from '@opentelemetry/api';
import type { Registry } from 'prom-client';
import type { z } from 'zod';
import manifest from '../package.json' with { type: 'json' };
import { loadConfig, redactConfig } from './config.ts';
import type { CommonConfig } from './config-types.ts';
import { isOperational } from './errors.ts';
import { Health } from './health.ts';
import { type OpsServer, startOpsServer } from './http.ts';
import { createLogger, type Logger } from './logger.ts';
import { createRegistry } from './metrics.ts';
import { collectAtRest } from './rest.ts';
import { onEnd } from './shutdown.ts';
import { startTelemetry, type Telemetry } from './telemetry.ts';

/** What a service gets to work with. */
export interface ServiceContext<C> {
  readonly config: C;
  readonly logger: Logger;
  /** Where the service's metrics go. */
  readonly registry: Registry;
  readonly tracer: Tracer;
  /** What `/readyz` shows; the kit sets `started` and `running`. */
  readonly health: Health;
  /** Aborted when the process is told to end, before `stop` is called. */
  readonly signal: AbortSignal;
  /** `<service>-0`, or SLUICE_REPLICA. */
  readonly replica: string;
  /** Version of the platform. */
  readonly version: string;
  /** To be called with each piece of work: memory is tidied up when there has been none for a while. */
  worked(): void;
  /** Ends the process with exit code 1 at once, for what only a restart mends, such as a fenced writer. */
  fail(error: unknown): void;
}

/** A started service. */
export interface RunningService {
  /** Ends everything that keeps the process alive; has 10 s. */
  stop(): Promise<void>;
}

/** A service: its name, its configuration, how it starts. */
export interface ServiceOptions<S extends z.ZodObject> {
  /** Lower-case name, e.g. `xds-server`. */
  readonly name: string;
  /** Spreads `commonConfig`. */
  readonly configSchema: S;
  start(context: ServiceContext<z.output<S> & CommonConfig>): Promise<RunningService>;
}

/** Version of the platform: all packages share one. */
export const version: string = manifest.version;

/**
 * Runs a service for the life of the process; resolves once it has started. Exit codes: 0 after SIGTERM or SIGINT,
 * 1 after a failure (logged as `fatal`), 2 when the configuration is faulty (told on standard error, without a stack).
 * A second signal ends the process at once.
 */
export async function runService<S extends z.ZodObject>(options: ServiceOptions<S>): Promise<void> {
  const loaded = configOrExit(options);
  const config = loaded.config as z.output<S> & CommonConfig;
  const { name } = options;
  const replica = config.SLUICE_REPLICA ?? `${name}-0`;
  const logger = createLogger({ service: name, version, replica, level: config.SLUICE_LOG_LEVEL });
  const health = new Health();
  const registry = createRegistry(name, version);
  const abort = new AbortController();
  const fail = (error: unknown): void => {
    logger.fatal({ err: error }, 'service failed');
    process.exit(1);
  };
  const worked = collectAtRest();
  health.set('started', false, 'starting');
  const parts: Parts = {};
  onEnd({ logger, end: () => endService(parts, { health, abort, logger }) });
  // What a variable is, secret or not, is asked of its schema, which takes as long as reading the configuration.
  if (logger.isLevelEnabled('debug'))
    logger.debug(
      { config: redactConfig(options.configSchema, loaded.config), unknown: loaded.unknown },
      'configuration read',
    );
  try {
    parts.telemetry = await startTelemetry({
      service: name,
      version,
      replica,
      endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    });
    parts.ops = await startOpsServer({ listen: config.SLUICE_HTTP_LISTEN, health, registry });
    const { tracer } = parts.telemetry;
    parts.starting = options.start({
      config,
      logger,
      registry,
      tracer,
      health,
      signal: abort.signal,
      replica,
      version,
      worked,
      fail,
    });
    await parts.starting;
  } catch (error) {
    if (!abort.signal.aborted) fail(error);
    return;
  }
  if (abort.signal.aborted) return;
  health.set('started', true);
  logger.info({ http: parts.ops.address }, 'service started');
}

/** What has been started so far; the end may come at any moment. */
interface Parts {
  telemetry?: Telemetry;
  ops?: OpsServer;
  starting?: Promise<RunningService>;
}

/** Readiness goes first, so that nobody sends more work; the operational server last, so that the end can be watched. */
async function endService(
  parts: Parts,
  { health, abort, logger }: { health: Health; abort: AbortController; logger: Logger },
) {
  health.set('running', false, 'stopping');
  abort.abort();
  const running = await parts.starting?.catch((error: unknown) => {
    logger.debug({ err: error }, 'start given up');
    return undefined;
  });
  await running?.stop();
  await parts.telemetry
    ?.shutdown()
    .catch((error: unknown) => logger.warn({ err: error }, 'traces lost at the end'));
  await parts.ops?.close();
  logger.info('service stopped');
}

function configOrExit<S extends z.ZodObject>({ name, configSchema }: ServiceOptions<S>) {
  try {
    return loadConfig(configSchema);
  } catch (error) {
    if (!isOperational(error)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exit(2);
  }
}
