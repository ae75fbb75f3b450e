// Requests to a Service's own address, where the kernel of a node leads them to its Envoy.
import { canonicalIp, type IrL4Frontend, type IrResource } from '@sluice/ir';
import type { ExplainRequest } from '@sluice/ir/explain';

/** A Service's own address and where connections to it end up. */
export interface WayToEnvoy {
  /** `<namespace>/<name>` */
  readonly service: string;
  readonly frontend: Pick<IrL4Frontend, 'address' | 'port'>;
  readonly socket: { readonly address: string; readonly port: number };
}

/** The way of a request that is sent to a Service's own address; undefined where no Service has it, or its endpoints take it. */
export function wayToEnvoy(
  resources: Iterable<IrResource>,
  { address, port }: Pick<ExplainRequest, 'address' | 'port'>,
): WayToEnvoy | undefined {
  const asked = address === undefined ? undefined : canonicalIp(address);
  if (asked === undefined) return undefined;
  for (const resource of resources) {
    if (resource.kind !== 'l4-service') continue;
    for (const { address: own, port: at, protocol, proxy } of resource.frontends)
      if (proxy !== undefined && protocol === 'TCP' && own === asked && at === port)
        return { service: resource.key, frontend: { address: own, port: at }, socket: proxy };
  }
  return undefined;
}
