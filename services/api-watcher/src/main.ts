import { connectEventLog } from '@sluice/event-log';
import { inspectCertificate, loadSealingKey } from '@sluice/sealed-secret';
import { logAddress, runService } from '@sluice/service-kit';
import { DirectorySource } from './adapters/directory-source.ts';
import { FactsLog } from './adapters/facts-log.ts';
import { OwnAddresses } from './adapters/own-addresses.ts';
import { Reconciler } from './adapters/reconciler.ts';
import { configSchema } from './config.ts';
import { poolAddresses } from './core/addresses.ts';
import { createMetrics, registerFigures } from './metrics.ts';

await runService({
  name: 'api-watcher',
  configSchema,
  async start({ config, logger, registry, tracer, health, signal, fail }) {
    health.set('source', false, 'not listed yet');
    const key = await loadSealingKey(config.SLUICE_SECRET_KEY_FILE);
    health.set('log', false, 'not connected yet');
    const log = await connectEventLog({
      ...logAddress(config),
      name: 'api-watcher',
      logger,
      background: true,
      onConnection: ({ connected, reason }) => health.set('log', connected, reason),
    });
    const metrics = createMetrics(registry);
    const addresses = new OwnAddresses();
    // Told to end before the log could ever be reached: nothing is waiting to be written.
    const giveUp = (): void => void log.close();
    signal.addEventListener('abort', giveUp, { once: true });
    const facts = await FactsLog.open({ log, key, logger, wrote: (type) => metrics.written.inc({ type }) });
    signal.removeEventListener('abort', giveUp);
    registerFigures(registry, () => facts.inForce);
    const reconciler = new Reconciler({
      source: new DirectorySource({ paths: config.SLUICE_SOURCE_DIRS, logger }),
      facts,
      addresses,
      environment: {
        addressing: {
          pool: poolAddresses(config.SLUICE_ADDRESS_POOL),
          lowPortOffset: config.SLUICE_LOW_PORT_OFFSET,
          usable: (address) => addresses.usable(address),
        },
        standalone: true,
        controllers: new Set(config.SLUICE_CONTROLLER_NAMES),
        keyId: key.keyId,
        maxEventBytes: log.maxEventBytes,
        inspect: (secret) => inspectCertificate(key, secret),
      },
      metrics,
      tracer,
      logger,
      listed: () => health.set('source', true, 'listed'),
    });
    const running = reconciler.run(signal).catch((error: unknown) => {
      if (!signal.aborted) fail(error);
    });
    return {
      async stop() {
        await running;
        await facts.close();
        await log.close();
      },
    };
  },
});
