// Clusters that extensions name.
import { expect, test } from 'vitest';
import { config, listener, typed } from './config.fixture.ts';
import { readEnvoyConfig } from './read-config.ts';

const filter = (type: string, fields: object) =>
  listener('l', { http_filters: [{ name: 'f', typed_config: typed(type, fields) }] });
const log = (type: string, fields: object) =>
  listener('l', {
    access_log: [{ name: 'a', typed_config: typed(`envoy.extensions.access_loggers.${type}`, fields) }],
  });

test('every cluster that a filter names is one of the object, in Envoy too', () => {
  const service = (cluster: string) => ({ envoy_grpc: { cluster_name: cluster } });
  const uri = (cluster: string) => ({ uri: 'http://x', cluster, timeout: '1s' });
  const http = 'envoy.extensions.filters.http';
  const filters = [
    filter(`${http}.ext_authz.v3.ExtAuthz`, { grpc_service: service('other') }),
    filter(`${http}.ext_proc.v3.ExternalProcessor`, { grpc_service: service('other') }),
    filter(`${http}.ratelimit.v3.RateLimit`, {
      domain: 'd',
      rate_limit_service: { grpc_service: service('other'), transport_api_version: 'V3' },
    }),
    filter(`${http}.jwt_authn.v3.JwtAuthentication`, {
      providers: { p: { issuer: 'i', remote_jwks: { http_uri: uri('other') } } },
    }),
    log('grpc.v3.HttpGrpcAccessLogConfig', {
      common_config: { log_name: 'l', grpc_service: service('other'), transport_api_version: 'V3' },
    }),
    listener('l', {
      tracing: {
        provider: {
          name: 'zipkin',
          typed_config: typed('envoy.config.trace.v3.ZipkinConfig', {
            collector_cluster: 'other',
            collector_endpoint: '/',
          }),
        },
      },
    }),
    typed('envoy.config.cluster.v3.Cluster', {
      name: 'c',
      cluster_type: {
        name: 'aggregate',
        typed_config: typed('envoy.extensions.clusters.aggregate.v3.ClusterConfig', { clusters: ['other'] }),
      },
    }),
  ];
  for (const resource of filters) {
    const { resources, setAside } = readEnvoyConfig(config([resource]), new Set());
    expect(setAside).toEqual([]);
    expect(resources[0]?.uses).toEqual([{ type: 'cluster', name: 'cec:shop/cec/other' }]);
    expect(JSON.stringify(resources[0]?.message)).toContain('"cec:shop/cec/other"');
    expect(JSON.stringify(resources[0]?.message)).not.toContain('"other"');
  }
});
