// Objects for tests.
import { type EnvoyConfig, parseObject } from '@sluice/kinds';

const prefix = 'type.googleapis.com/';

/** A resource of a type. */
export function typed(type: string, fields: object): { '@type': string } {
  return { '@type': `${prefix}${type}`, ...fields };
}

export const http = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';

/** A Listener with a connection manager. */
export function listener(name: string, manager: object, fields: object = {}): { '@type': string } {
  const filter = { name: 'http', typed_config: typed(http, { stat_prefix: 's', ...manager }) };
  return typed('envoy.config.listener.v3.Listener', {
    name,
    filter_chains: [{ filters: [filter] }],
    ...fields,
  });
}

/** A RouteConfiguration with one route. */
export function routes(name: string, action: object): { '@type': string } {
  const virtualHost = { name: 'v', domains: ['*'], routes: [{ match: { prefix: '/' }, ...action }] };
  return typed('envoy.config.route.v3.RouteConfiguration', { name, virtual_hosts: [virtualHost] });
}

/** An EDS cluster. */
export function cluster(name: string, fields: object = {}): { '@type': string } {
  return typed('envoy.config.cluster.v3.Cluster', { name, type: 'EDS', ...fields });
}

/** A CiliumEnvoyConfig. Throws where the object itself is not valid. */
export function config(
  resources: readonly object[],
  spec: object = {},
  kind = 'CiliumEnvoyConfig',
): EnvoyConfig {
  const parsed = parseObject({
    apiVersion: 'cilium.io/v2',
    kind,
    metadata: { name: 'cec', namespace: 'shop' },
    spec: { resources, ...spec },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.object as EnvoyConfig;
}
