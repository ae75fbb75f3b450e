import { fromBinary } from '@bufbuild/protobuf';
import { ScopedRouteConfigurationSchema } from '@sluice/envoy-api/envoy/config/route/v3/scoped_route_pb.js';
import { expect, test } from 'vitest';
import { forward, listener, route, rule } from '../testing/ir.ts';
import { distinctScope } from './distinct-scope.ts';
import { candidatesOf } from './route.ts';
import { compileScope } from './scope-resource.ts';

test('a sending differs from every other in the name of its route configuration alone', () => {
  const candidates = candidatesOf({
    route: route('r', [rule(forward('a'))]),
    revision: { epoch: 1, seq: 1 },
  });
  const hosts = [{ hostname: '*', server: 'main', candidates }] as const;
  const scope = compileScope({ listener: listener(80), hosts, path: '', split: false });
  const sent = distinctScope(scope, '1');
  expect(sent.version).toBe(scope.version);
  expect(distinctScope(scope, '2').body).not.toEqual(sent.body);
  const plain = fromBinary(ScopedRouteConfigurationSchema, scope.body);
  const marked = fromBinary(ScopedRouteConfigurationSchema, sent.body);
  expect(marked.routeConfiguration?.name).toBe('shop/edge/80|*#1');
  if (marked.routeConfiguration !== undefined) marked.routeConfiguration.name = 'shop/edge/80|*';
  expect(marked).toEqual(plain);
});
