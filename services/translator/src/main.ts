import { hash, randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { connectEventLog } from '@sluice/event-log';
import { hashWith } from '@sluice/ir';
import { logAddress, registerLag, runService } from '@sluice/service-kit';
import { productionQuietMs } from './adapters/checkpointer.ts';
import { productionTimes } from './adapters/leadership.ts';
import { productionWatch } from './adapters/server-watch.ts';
import { Translation } from './adapters/translation.ts';
import { configSchema } from './config.ts';
import { createMetrics } from './metrics.ts';

/** How long a write under way has at the end; without the log it would wait for ever. */
const lastWriteMs = 3000;

hashWith((data) => hash('sha256', data));

await runService({
  name: 'translator',
  configSchema,
  async start({ config, logger, registry, tracer, health, worked, fail, version }) {
    health.set('log', false, 'not connected yet');
    const log = await connectEventLog({
      ...logAddress(config),
      name: 'translator',
      logger,
      background: true,
      onTraffic: worked,
      onConnection: ({ connected, reason }) => health.set('log', connected, reason),
    });
    const translation = new Translation({
      log,
      logger,
      tracer,
      metrics: createMetrics(registry),
      health,
      version,
      instance: randomUUID(),
      controllerNames: config.SLUICE_CONTROLLER_NAMES,
      reportOrphans: config.SLUICE_REPORT_ORPHANS,
      checkpoints: {
        every: config.SLUICE_CHECKPOINT_EVERY,
        purge: config.SLUICE_CHECKPOINT_PURGE,
        quietMs: productionQuietMs,
      },
      leadership: productionTimes,
      serverWatch: productionWatch,
    });
    registerLag(registry, {
      FACTS: { newest: async () => (await log.info('FACTS')).lastSeq, done: () => translation.doneSeq },
    });
    const running = translation.run().catch(fail);
    return {
      async stop() {
        translation.stop();
        await Promise.race([running, setTimeout(lastWriteMs, undefined, { ref: false })]);
        await log.close();
      },
    };
  },
});
