import { fromBinary } from '@bufbuild/protobuf';
import { ScopedRouteConfigurationSchema } from '@sluice/envoy-api/envoy/config/route/v3/scoped_route_pb.js';
import { expect, test } from 'vitest';
import { forward, listener, route, rule } from '../testing/ir.ts';
import { candidatesOf } from './route.ts';
import { compileScope } from './scope-resource.ts';
import { ownNames, sentScope, wireName } from './sent-scope.ts';

test('a sending differs from every other in the name of its route configuration alone', () => {
  const candidates = candidatesOf({
    route: route('r', [rule(forward('a'))]),
    revision: { epoch: 1, seq: 1 },
  });
  const hosts = [{ hostname: '*', server: 'main', candidates }] as const;
  const scope = compileScope({ listener: listener(80), hosts, path: '', split: false });
  const sent = sentScope(scope, '1');
  expect(sent.version).toBe(scope.version);
  expect(sentScope(scope, '2').body).not.toEqual(sent.body);
  const plain = fromBinary(ScopedRouteConfigurationSchema, scope.body);
  const marked = fromBinary(ScopedRouteConfigurationSchema, sent.body);
  expect(marked.routeConfiguration?.name).toBe('shop/edge/80|*#1');
  if (marked.routeConfiguration !== undefined) marked.routeConfiguration.name = 'shop/edge/80|*';
  expect(marked).toEqual(plain);
});

test('a name that does not fit is hashed, within 22 bytes of ASCII', () => {
  expect(wireName('shop/edge/80|*')).toBe('shop/edge/80|*');
  const long = 'default/edge/http|h1234.test';
  expect(wireName(long)).toMatch(/^[\w-]{22}$/);
  expect(wireName(long)).toBe(wireName(long));
  expect(wireName(`${long}/a`)).not.toBe(wireName(long));
  expect(wireName('é')).toMatch(/^[\w-]{22}$/);
});

test('what an Envoy has is read in our own names; what nobody has named stays as it is', () => {
  const long = 'default/edge/http|h1234.test';
  const held = new Map([
    [wireName(long), '1'],
    ['l|a', '2'],
    ['gone', '3'],
  ]);
  expect(ownNames(held, [long, 'l|a'])).toEqual(
    new Map([
      [long, '1'],
      ['l|a', '2'],
      ['gone', '3'],
    ]),
  );
});

test('a scope goes out under its wire name alone', () => {
  const candidates = candidatesOf({
    route: route('r', [rule(forward('a'))]),
    revision: { epoch: 1, seq: 1 },
  });
  const hosts = [{ hostname: 'a-long-hostname.shop.example', server: 'main', candidates }] as const;
  const scope = compileScope({ listener: listener(80), hosts, path: '', split: false });
  const sent = sentScope(scope, '1');
  expect(sent.name).toBe(wireName(scope.name));
  expect(fromBinary(ScopedRouteConfigurationSchema, sent.body).name).toBe(sent.name);
});
