import type { EventLog } from '@sluice/event-log';
import type { Health, Logger } from '@sluice/service-kit';
import { directoryMode, type SourceMode } from './adapters/source-mode.ts';
import { type Config, controllersOf } from './config.ts';
import { poolAddresses } from './core/addresses.ts';
import type { Metrics } from './metrics.ts';

/** Opens the source that the configuration names. */
export async function openMode(
  config: Config,
  parts: {
    readonly log: EventLog;
    readonly logger: Logger;
    readonly health: Health;
    readonly metrics: Metrics;
    readonly replica: string;
  },
): Promise<SourceMode> {
  if (config.SLUICE_SOURCE === 'directory')
    return directoryMode({
      paths: config.SLUICE_SOURCE_DIRS,
      pool: poolAddresses(config.SLUICE_ADDRESS_POOL),
      lowPortOffset: config.SLUICE_LOW_PORT_OFFSET,
      logger: parts.logger,
    });
  // What speaks to the API of a cluster, an HTTP client of a megabyte above all, is not loaded for files.
  const { kubernetesMode } = await import('./adapters/kubernetes/kubernetes-mode.ts');
  return await kubernetesMode({
    ...parts,
    kubeconfig: config.SLUICE_KUBECONFIG,
    controllers: controllersOf(config),
    lease: { namespace: config.SLUICE_LEASE_NAMESPACE, seconds: config.SLUICE_LEASE_SECONDS },
    bindAddresses: config.SLUICE_BIND_ADDRESSES,
  });
}

/** How the log is found without DNS and without a Service, where that is asked for. */
export async function knownAddresses(
  config: Config,
  { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<{ readonly addresses?: () => readonly string[] }> {
  const { SLUICE_NATS_URL: url, SLUICE_NATS_ADDRESSES_CONFIG_MAPS: configMaps } = config;
  if (config.SLUICE_SOURCE !== 'kubernetes' || configMaps.length === 0) return {};
  const kubeconfig = config.SLUICE_KUBECONFIG;
  const { followLogAddresses } = await import('./adapters/kubernetes/log-addresses.ts');
  const log = await followLogAddresses(url, { configMaps, kubeconfig, logger, signal });
  return { addresses: () => log.addresses };
}
