// CiliumEnvoyConfigs, each with a listener of its own for the traffic of a Service.
import type { RequestTarget } from '@sluice/testkit';
import type { Sluice } from '../harness/sluice.ts';
import type { ManyKind } from './one-of-many.ts';
import { type ServiceName, serviceNames } from './world.ts';

export const envoyConfigs: ManyKind = {
  name: 'CiliumEnvoyConfigs',
  // A /24 has 254 addresses, and each of these Services has one.
  args: ['--pool', `127.${230 + Math.floor(Math.random() * 20)}.0.0/20`],
  beside: (index) => [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: nameOf(index) },
      spec: { ports: [{ port: servicePort }] },
    },
  ],
  object: oneConfig,
  place: () => ({ host: 'config.example', path: '/' }),
  targets: async (sluice) => {
    const found = await targetsOf(sluice);
    return (index) => {
      const target = found.get(nameOf(index));
      if (target === undefined) throw new Error(`${nameOf(index)} has no address`);
      return target;
    };
  },
};

const servicePort = 8_080;
const typed = (name: string, fields: object = {}) => ({
  '@type': `type.googleapis.com/envoy.${name}`,
  ...fields,
});
const http = 'extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';

function nameOf(index: number): string {
  return `c${String(index).padStart(5, '0')}`;
}

function oneConfig(index: number, to: ServiceName): object {
  const router = { name: 'router', typed_config: typed('extensions.filters.http.router.v3.Router') };
  const manager = {
    name: 'http',
    typed_config: typed(http, { stat_prefix: 's', rds: { route_config_name: 'r' }, http_filters: [router] }),
  };
  const routes = [{ match: { prefix: '/' }, route: { cluster: `default/${to}` } }];
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumEnvoyConfig',
    metadata: { name: nameOf(index) },
    spec: {
      services: [{ name: nameOf(index) }],
      backendServices: serviceNames.map((name) => ({ name })),
      resources: [
        typed('config.listener.v3.Listener', { name: 'l', filter_chains: [{ filters: [manager] }] }),
        typed('config.route.v3.RouteConfiguration', {
          name: 'r',
          virtual_hosts: [{ name: 'all', domains: ['*'], routes }],
        }),
        ...serviceNames.map((name) =>
          typed('config.cluster.v3.Cluster', { name: `default/${name}`, type: 'EDS', connect_timeout: '5s' }),
        ),
      ],
    },
  };
}

interface Listed {
  readonly metadata: { readonly name: string };
  readonly status: { readonly addresses: readonly RequestTarget[] };
}

async function targetsOf(sluice: Sluice): Promise<Map<string, RequestTarget>> {
  const { stdout } = await sluice.cli('get', 'ciliumenvoyconfigs', '-o', 'json');
  const { items } = JSON.parse(stdout) as { items: readonly Listed[] };
  return new Map(
    items.flatMap(({ metadata, status }) => {
      const [at] = status.addresses;
      return at === undefined ? [] : [[metadata.name, { address: at.address, port: at.port }] as const];
    }),
  );
}
