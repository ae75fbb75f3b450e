// Requests to a Service's own address, where the kernel of a node leads them to its Envoy.
import type { NodeSettings } from '@sluice/bpf-agent/core';
import { gatewayKey, type IrL4Frontend, type IrResource } from '@sluice/ir';
import type { ExplainRequest } from '@sluice/ir/explain';
import { type FrontendView, frontendsFor, frontendViews } from './datapath.ts';

/** A Service's own address and where connections to it end up. */
export interface WayToEnvoy {
  /** `<namespace>/<name>` */
  readonly service: string;
  readonly frontend: Pick<IrL4Frontend, 'address' | 'port'>;
  readonly socket: { readonly address: string; readonly port: number };
  /** Whether that is the node's own Envoy: it has none that is ready, where it is not. */
  readonly local: boolean;
  /** The address and port under which the IR knows the listener behind the socket. */
  readonly listener: { readonly address: string; readonly port: number };
}

/** The way of a request that is sent to a Service's own address; undefined where no Service has it, or its endpoints take it. */
export function wayToEnvoy(
  resources: readonly IrResource[],
  node: NodeSettings,
  request: Pick<ExplainRequest, 'address' | 'port'>,
): WayToEnvoy | undefined {
  const view = frontendsFor(frontendViews(resources, node), { ...request, protocol: 'TCP' }).find(
    ({ byProxy, frontend }) => byProxy && frontend.type !== 'node-port',
  );
  const [backend] = view?.backends ?? [];
  if (view === undefined || backend === undefined) return undefined;
  const { address, port } = view.frontend;
  const socket = { address: backend.address, port: backend.port };
  return {
    service: view.service,
    frontend: { address, port },
    socket,
    local: backend.local,
    listener: listenerAt(resources, view, socket.port) ?? socket,
  };
}

/** What binds a port of the nodes for the Service; undefined where its listener binds its addresses themselves. */
function listenerAt(
  resources: readonly IrResource[],
  { service }: FrontendView,
  port: number,
): WayToEnvoy['listener'] | undefined {
  const [namespace = '', name = ''] = service.split('/');
  const gateway = gatewayKey({ kind: 'Service', namespace, name });
  const found = resources.find(
    (one) => one.kind === 'listener' && one.gateway === gateway && one.socket?.port === port,
  );
  const [address] = found?.kind === 'listener' ? found.addresses : [];
  return found?.kind === 'listener' && address !== undefined ? { address, port: found.bindPort } : undefined;
}
