// gRPC in the IR, for tests.
import type { IrCluster, IrHttpMatch, IrHttpRoute, IrHttpRule, IrResource } from '@sluice/ir';
import { httpRouteKey } from '@sluice/ir';
import type { GrpcBackend } from '@sluice/testkit';
import { cluster, endpoints, forward, match, route } from './ir.ts';

/** A GRPCRoute as the translator makes it. */
export function grpcRoute(name: string, rules: IrHttpRule[], rest: Partial<IrHttpRoute> = {}): IrHttpRoute {
  const made = route(name, rules, rest);
  return {
    ...made,
    key: httpRouteKey('GRPCRoute', made.key),
    source: { ...made.source, kind: 'GRPCRoute' },
  };
}

/** A match as the translator makes it; the empty string leaves a name open. */
export function call(service: string, method: string, rest: Partial<IrHttpMatch> = {}): IrHttpMatch {
  const lengths = { service: service.length, method: method.length };
  if (service !== '' && method !== '')
    return match({ path: { type: 'exact', value: `/${service}/${method}` }, call: lengths, ...rest });
  if (service === '' && method === '') return match({ call: lengths, ...rest });
  const value = `/${service.replaceAll('.', '\\.') || '[^/]+'}/${method || '[^/]+'}`;
  return match({ path: { type: 'regex', value }, call: lengths, ...rest });
}

/** An exact header. */
export function header(name: string, value: string): IrHttpMatch['headers'][number] {
  return { name, match: { type: 'exact', value } };
}

/** Sends to clusters that speak HTTP/2 whatever the Service says, with these weights. */
export function calls(to: Readonly<Record<string, number>>, rest: object = {}) {
  const backends = Object.entries(to).map(([name, weight]) => ({
    cluster: name === 'invalid' ? null : `shop/${name}/80#h2c`,
    weight,
  }));
  return forward(backends, { requestTimeoutMs: 0, invalidBackendStatus: 503, ...rest });
}

/** Clusters of gRPC backends with their endpoints; undefined: none. */
export function served(
  backends: Readonly<Record<string, GrpcBackend | undefined>>,
  rest: Partial<IrCluster> = {},
): IrResource[] {
  return Object.entries(backends).flatMap(([name, backend]) => [
    cluster(name, { key: `shop/${name}/80#h2c`, protocol: 'h2c', ...rest }),
    endpoints(name, backend === undefined ? [] : [backend.port]),
  ]);
}
