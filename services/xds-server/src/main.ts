// xds-server: IR → Envoy over delta ADS. Configuration, dependencies, run, stop.
import { hash } from 'node:crypto';
import { connectEventLog } from '@sluice/event-log';
import { hashWith } from '@sluice/ir';
import { loadSealingKey } from '@sluice/sealed-secret';
import { logAddress, runService } from '@sluice/service-kit';
import { XdsService } from './adapters/xds-service.ts';
import { adsEndpoint, configSchema } from './config.ts';

hashWith((data) => hash('sha256', data));

await runService({
  name: 'xds-server',
  configSchema,
  start: async ({ config, logger, registry, tracer, health, worked, fail, replica }) => {
    health.degrade('log', 'not connected yet');
    const log = await connectEventLog({
      ...logAddress(config),
      name: 'xds-server',
      logger,
      background: true,
      onTraffic: worked,
      onConnection: ({ connected, reason }) =>
        connected ? health.set('log', true) : health.degrade('log', reason),
    });
    const keyFile = config.SLUICE_SECRET_KEY_FILE;
    const service = new XdsService({
      log,
      replica,
      endpoint: adsEndpoint(config),
      stateFile: config.SLUICE_STATE_FILE,
      sealingKey: keyFile === undefined ? undefined : await loadSealingKey(keyFile),
      settings: { trustedHops: config.SLUICE_TRUSTED_HOPS },
      layout: config.SLUICE_ROUTE_LAYOUT,
      drainMs: config.SLUICE_DRAIN_MS,
      silentMs: config.SLUICE_SILENT_MS,
      logger,
      registry,
      tracer,
      health,
      fail,
    });
    await service.start();
    return {
      stop: async () => {
        await service.stop();
        await log.close();
      },
    };
  },
});
