// Requests to a Service's own address, where the kernel of a node leads them to its Envoy.
import type { NodeSettings } from '@sluice/bpf-agent/core';
import type { IrL4Frontend, IrResource } from '@sluice/ir';
import type { ExplainRequest } from '@sluice/ir/explain';
import { frontendsFor, frontendViews } from './datapath.ts';

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
  node: NodeSettings,
  request: Pick<ExplainRequest, 'address' | 'port'>,
): WayToEnvoy | undefined {
  const view = frontendsFor(frontendViews(resources, node), { ...request, protocol: 'TCP' }).find(
    ({ byProxy, frontend }) => byProxy && frontend.type !== 'node-port',
  );
  const [socket] = view?.backends ?? [];
  if (view === undefined || socket === undefined) return undefined;
  const { address, port } = view.frontend;
  return {
    service: view.service,
    frontend: { address, port },
    socket: { address: socket.address, port: socket.port },
  };
}
