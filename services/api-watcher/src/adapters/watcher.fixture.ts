// Starts the whole of api-watcher on a log, without a process around it.
import { randomBytes } from 'node:crypto';
import { trace } from '@opentelemetry/api';
import type { EventLog } from '@sluice/event-log';
import { decodeEvent, type Fact } from '@sluice/events';
import { inspectCertificate, SealingKey } from '@sluice/sealed-secret';
import { createLogger, createRegistry, type Logger } from '@sluice/service-kit';
import { poolAddresses } from '../core/addresses.ts';
import { createMetrics } from '../metrics.ts';
import { DirectorySource } from './directory-source.ts';
import { FactsLog } from './facts-log.ts';
import { OwnAddresses } from './own-addresses.ts';
import { Reconciler } from './reconciler.ts';

export interface RunningWatcher extends AsyncDisposable {
  readonly facts: FactsLog;
  /** Resolves when the first list is on the log. */
  readonly listed: Promise<void>;
  /** What ended the run, if anything did. */
  failed(): unknown;
}

export interface WatcherOptions {
  readonly log: EventLog;
  readonly dir: string;
  readonly key?: SealingKey;
  readonly stillMs?: number;
  readonly logger?: Logger;
  readonly addresses?: OwnAddresses;
}

export async function startWatcher(options: WatcherOptions): Promise<RunningWatcher> {
  const { log, dir, key = new SealingKey(randomBytes(32)), stillMs = 200 } = options;
  const logger =
    options.logger ??
    createLogger({ service: 'api-watcher', version: '0', replica: 'test', level: 'silent' });
  const abort = new AbortController();
  const listed = Promise.withResolvers<void>();
  const addresses = options.addresses ?? new OwnAddresses();
  const facts = await FactsLog.open({ log, key, logger, wrote: () => {} });
  const reconciler = new Reconciler({
    source: new DirectorySource({ paths: [dir], logger, stillMs }),
    facts,
    addresses,
    environment: {
      addressing: {
        kind: 'pool',
        pool: poolAddresses('127.80.0.0/24'),
        lowPortOffset: 0,
        usable: (a) => addresses.usable(a),
      },
      standalone: true,
      controllers: new Set(['sluice.dev/gateway-controller', 'io.cilium/gateway-controller']),
      keyId: key.keyId,
      maxEventBytes: log.maxEventBytes,
      inspect: (secret) => inspectCertificate(key, secret),
    },
    metrics: createMetrics(createRegistry('api-watcher', '0')),
    tracer: trace.getTracer('test'),
    logger,
    listed: () => listed.resolve(),
  });
  let failure: unknown;
  const running = reconciler.run(abort.signal).catch((error: unknown) => {
    failure = error;
    listed.reject(error);
  });
  return {
    facts,
    listed: listed.promise,
    failed: () => failure,
    async [Symbol.asyncDispose]() {
      abort.abort();
      await running;
      await facts.close().catch(() => {});
    },
  };
}

/** A Service on a port. */
export function manifestOf(name: string, port: number): string {
  return `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\nspec:\n  ports:\n  - port: ${port}\n`;
}

/** The Services in force with their ports, sorted. */
export function namesIn({ inForce }: FactsLog): string[] {
  return [...inForce.objects.values()]
    .flatMap(({ object }) =>
      object.kind === 'Service' ? [`${object.metadata.name}:${object.spec.ports[0]?.port}`] : [],
    )
    .toSorted();
}

/** The facts on a log, oldest first, with their subjects. */
export async function factsOn(log: EventLog): Promise<Fact[]> {
  const all: Fact[] = [];
  for await (const event of log.read('FACTS')) {
    if (event.subject.startsWith('log.')) continue;
    const decoded = decodeEvent('FACTS', event.data);
    if (!decoded.ok) throw new Error(decoded.error);
    all.push(decoded.event);
  }
  return all;
}
