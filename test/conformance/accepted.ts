import { CustomObjectsApi } from '@kubernetes/client-node';
import { until } from '@sluice/testkit';
import type { Cluster } from '@sluice/testkit/cluster';
import { z } from 'zod';

const gatewayClassSchema = z.object({
  status: z
    .object({
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), message: z.string() }))
        .default([]),
      supportedFeatures: z.array(z.object({ name: z.string() })).default([]),
    })
    .default({ conditions: [], supportedFeatures: [] }),
});

/** How long Sluice has from its installation until it accepts its GatewayClass, milliseconds; 15 s are usual. */
const acceptedMs = 90_000;

/**
 * Waits until the GatewayClass is accepted and gives the features that Sluice claims there. The suite reads them once, at its start.
 * @throws Error with what the class says and how to look further
 */
export async function claimedFeatures(cluster: Cluster, name = 'sluice'): Promise<readonly string[]> {
  const custom = cluster.kubeConfig.makeApiClient(CustomObjectsApi);
  const of = { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'gatewayclasses', name };
  let said = 'it has no status';
  const { supportedFeatures } = await until(
    async () => {
      const { status } = gatewayClassSchema.parse(await custom.getClusterCustomObject(of));
      const accepted = status.conditions.find(({ type }) => type === 'Accepted');
      if (accepted !== undefined) said = `Accepted is ${accepted.status}: ${accepted.message}`;
      return accepted?.status === 'True' && status;
    },
    {
      timeoutMs: acceptedMs,
      intervalMs: 250,
      message: () =>
        `GatewayClass ${name} to be accepted; ${said}. Logs of the services: \`npm run cluster\` and kubectl`,
    },
  );
  return supportedFeatures.map((feature) => feature.name);
}
