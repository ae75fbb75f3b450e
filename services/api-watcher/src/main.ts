import { hash } from 'node:crypto';
import { connectEventLog } from '@sluice/event-log';
import { hashWith } from '@sluice/ir';
import { inspectCertificate, loadSealingKey } from '@sluice/sealed-secret';
import { logAddress, runService } from '@sluice/service-kit';
import { FactsLog } from './adapters/facts-log.ts';
import { Reconciler } from './adapters/reconciler.ts';
import { configSchema, controllersOf } from './config.ts';
import { createMetrics, registerFigures } from './metrics.ts';
import { knownAddresses, openMode } from './open-mode.ts';

hashWith((data) => hash('sha256', data));

await runService({
  name: 'api-watcher',
  configSchema,
  async start({ config, logger, registry, tracer, health, signal, worked, fail, replica }) {
    health.set('source', false, 'not listed yet');
    const key = await loadSealingKey(config.SLUICE_SECRET_KEY_FILE);
    health.set('log', false, 'not connected yet');
    const log = await connectEventLog({
      ...logAddress(config),
      ...(await knownAddresses(config, { logger, signal })),
      name: 'api-watcher',
      logger,
      background: true,
      onTraffic: worked,
      onConnection: ({ connected, reason }) => health.set('log', connected, reason),
    });
    const metrics = createMetrics(registry);
    const mode = await openMode(config, { log, logger, health, metrics, replica });
    const running = (async () => {
      await mode.lead(signal);
      if (signal.aborted) return;
      const facts = await FactsLog.open({
        log,
        key,
        logger,
        wrote: (type, count) => metrics.written.inc({ type }, count),
      });
      registerFigures(registry, () => facts.inForce);
      const reconciler = new Reconciler({
        source: mode.source,
        facts,
        addresses: mode.addresses,
        environment: {
          addressing: mode.addressing,
          standalone: mode.standalone,
          controllers: new Set(controllersOf(config)),
          keyId: key.keyId,
          maxEventBytes: log.maxEventBytes,
          inspect: (secret) => inspectCertificate(key, secret),
        },
        metrics,
        tracer,
        logger,
        listed: () => {
          health.set('source', true, 'listed');
          mode.listed();
        },
      });
      await Promise.all([reconciler.run(signal), mode.beside(facts, signal)]);
      await facts.close();
    })().catch((error: unknown) => {
      if (!signal.aborted) fail(error);
    });
    // Told to end before the log could ever be reached: nothing is waiting to be written.
    signal.addEventListener('abort', () => void (log.connected || log.close()), { once: true });
    return {
      async stop() {
        await running;
        await mode.close();
        await log.close();
      },
    };
  },
});
