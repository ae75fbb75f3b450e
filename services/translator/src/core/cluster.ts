// Clusters. What comes in: Service ports and how many routes send to each; what goes out: a cluster of the IR for
// each port that is sent to. Adding a route to a port that is in use costs one step.

import type { Collection, Graph } from '@sluice/incremental';
import type { IrCluster } from '@sluice/ir';
import { type BackendTlsTables, policyForPort } from './backend-tls.ts';
import type { HttpKind } from './http-route-kind.ts';
import { servicePortOf } from './keys.ts';
import type { ServicePortInfo } from './service-port.ts';

/** Milliseconds. */
export const connectTimeoutMs = 5000;

/** What clusters are made of. */
export interface ClusterNeeds {
  readonly ports: Collection<ServicePortInfo>;
  readonly backendTls: BackendTlsTables;
}

/** Clusters by key. `uses` have by key the Service ports that routes of `kind`, and what is like them, send to. */
export function clusters(
  graph: Graph,
  of: ClusterNeeds & { kind: HttpKind; uses: readonly Collection<number>[] },
): Collection<IrCluster> {
  const { kind } = of;
  const used = graph.anyOf(of.uses, `service ports used by ${kind}s`);
  return graph.map(used, `clusters of ${kind}s`, (_used, key, fetch) => {
    const servicePort = kind === 'GRPCRoute' ? servicePortOf(key) : key;
    const port = fetch(of.ports, servicePort);
    if (port?.protocol === undefined) return undefined;
    const policy = policyForPort(port, of.backendTls, fetch);
    const tls = policy === undefined ? undefined : fetch(of.backendTls.models, policy)?.tls;
    return {
      kind: 'cluster' as const,
      key,
      source: { group: '', kind: 'Service', namespace: port.namespace, name: port.service },
      port: port.port,
      protocol: kind === 'GRPCRoute' ? 'h2c' : port.protocol,
      ...(tls === undefined ? {} : { tls }),
      connectTimeoutMs,
      endpoints: servicePort,
    };
  });
}
