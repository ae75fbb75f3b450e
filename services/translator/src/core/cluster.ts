// Clusters. What comes in: Service ports and how many routes send to each; what goes out: a cluster of the IR for
// each port that is sent to. Adding a route to a port that is in use costs one step.

import type { Collection, Graph } from '@sluice/incremental';
import type { IrCluster } from '@sluice/ir';
import { type BackendTlsTables, policyForPort } from './backend-tls.ts';
import type { ServicePortInfo } from './service-port.ts';

const connectTimeoutMs = 5000;

/** Clusters by key. `uses` counts the routes that send to a Service port. */
export function clusters(
  graph: Graph,
  of: { uses: Collection<number>; ports: Collection<ServicePortInfo>; backendTls: BackendTlsTables },
): Collection<IrCluster> {
  const used = graph.map(of.uses, 'used service ports', () => true as const);
  return graph.map(used, 'clusters', (_used, key, fetch) => {
    const port = fetch(of.ports, key);
    if (port?.protocol === undefined) return undefined;
    const policy = policyForPort(port, of.backendTls, fetch);
    const tls = policy === undefined ? undefined : fetch(of.backendTls.models, policy)?.tls;
    return {
      kind: 'cluster' as const,
      key,
      source: { group: '', kind: 'Service', namespace: port.namespace, name: port.service },
      port: port.port,
      protocol: port.protocol,
      ...(tls === undefined ? {} : { tls }),
      connectTimeoutMs,
      endpoints: key,
    };
  });
}
