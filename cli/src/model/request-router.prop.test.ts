// The part of the IR that is asked about a request explains it as the whole IR does.
import type { IrHttpMatch, IrHttpRoute, IrListener, IrResource } from '@sluice/ir';
import { explainRequest } from '@sluice/ir/explain';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RequestRouter } from './request-router.ts';

const listener: IrListener = {
  kind: 'listener',
  key: 'shop/edge/80',
  gateway: 'shop/edge',
  protocol: 'HTTP',
  addresses: ['127.80.0.1'],
  port: 80,
  bindPort: 80,
  servers: [
    { name: 'all', hostname: '*', certificates: [] },
    { name: 'test', hostname: '*.test', certificates: [] },
  ],
};
const paths = ['/', '/a', '/a/b', '/ab', '/b', '/a/', '//a', '/b/../a'];
const hosts = ['a.test', 'b.a.test', 'other', 'A.test:80', '[::1]'];

const match = fc.record({
  path: fc.oneof(
    fc.record({ type: fc.constant('prefix' as const), value: fc.constantFrom('/', '/a', '/a/b', '/b') }),
    fc.record({ type: fc.constant('exact' as const), value: fc.constantFrom('/', '/a', '/ab', '/a/') }),
    fc.record({ type: fc.constant('regex' as const), value: fc.constantFrom('/a.*', '/(a|b)', '.*') }),
  ),
  method: fc.constantFrom('GET', 'POST'),
  headers: fc.constantFrom<IrHttpMatch['headers'][]>(
    [],
    [{ name: 'v', match: { type: 'exact' as const, value: '2' } }],
  ),
  query: fc.constant<IrHttpMatch['query']>([]),
});
const rule = fc.record({
  matches: fc.array(match, { minLength: 1, maxLength: 2 }),
  cluster: fc.constantFrom('shop/a/80', 'shop/b/80'),
});
const route = fc.record({
  server: fc.constantFrom('all', 'test'),
  hostnames: fc.uniqueArray(fc.constantFrom('*', 'a.test', '*.test', '*.a.test', 'other'), { minLength: 1 }),
  rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
});

type RouteShape = typeof route extends fc.Arbitrary<infer Shape> ? Shape : never;

function irOf(routes: readonly RouteShape[]): IrResource[] {
  const clusters: IrResource[] = ['a', 'b'].flatMap((name): IrResource[] => [
    {
      kind: 'cluster',
      key: `shop/${name}/80`,
      source: { group: '', kind: 'Service', namespace: 'shop', name },
      port: 80,
      protocol: 'http1',
      connectTimeoutMs: 5000,
      endpoints: `shop/${name}/80`,
    },
    {
      kind: 'endpoint-group',
      key: `shop/${name}-1/80`,
      service: `shop/${name}/80`,
      endpoints: [{ address: '127.0.0.1', port: 9000, state: 'ready' }],
    },
  ]);
  const made = routes.map(
    ({ server, hostnames, rules }, i): IrHttpRoute => ({
      kind: 'http-route',
      key: `shop/r${i}`,
      source: { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop', name: `r${i}` },
      generation: 1,
      createdAt: '',
      attachments: [{ listener: listener.key, server, hostnames }],
      rules: rules.map(({ matches, cluster }, index) => ({
        index,
        matches,
        action: { type: 'forward', backends: [{ cluster, weight: 1 }] },
      })),
    }),
  );
  return [listener, ...clusters, ...made];
}

test('the part that is asked decides as the whole does', () => {
  const requests = paths.flatMap((path) =>
    hosts.flatMap((host) => ['GET', 'POST'].map((method) => ({ path, host, method }))),
  );
  fc.assert(
    fc.property(fc.array(route, { maxLength: 6 }), (routes) => {
      const ir = irOf(routes);
      const router = new RequestRouter(ir);
      for (const typed of requests) {
        const request = { ...typed, address: '127.80.0.1', port: 80, headers: [] };
        const whole = explainRequest(ir, request);
        const part = explainRequest(router.relevant(router.listenerAt('127.80.0.1', 80), request), request);
        const winner = ({ candidates }: typeof whole) =>
          candidates.find(({ verdict }) => verdict.type === 'won');
        expect(winner(part)?.id).toBe(winner(whole)?.id);
        if (whole.outcome.type === 'refused')
          expect(part.outcome).toMatchObject({ type: 'refused', cause: whole.outcome.cause });
        else expect(part.outcome).toEqual(whole.outcome);
      }
    }),
    { numRuns: 25 },
  );
});
