import type { IrHttpMatch, IrResource } from '@sluice/ir';
import { expect, test } from 'vitest';
import {
  attached,
  cluster,
  endpoints,
  forward,
  listener,
  match,
  prefix,
  route,
  rule,
  server,
} from '../testing/ir.ts';
import { xdsJson } from './compile-xds.ts';
import { XdsCompiler } from './compiler.ts';
import { defaultListenerSettings } from './http-connection-manager.ts';
import { LateResource } from './late-resource.ts';
import { noMatchRoute } from './scope-scripts.ts';
import { scopedRouteLayout } from './scoped-route-layout.ts';

const revision = { epoch: 1, seq: 1 };
const put = (resource: IrResource, seq = 1) => ({
  kind: resource.kind,
  key: resource.key,
  resource,
  revision: { epoch: 1, seq },
});
const gone = ({ kind, key }: IrResource) => ({ kind, key, revision });

function compiled(...resources: IrResource[]): XdsCompiler {
  const compiler = new XdsCompiler({
    layout: scopedRouteLayout,
    settings: defaultListenerSettings,
    findKeyPair: () => undefined,
  });
  compiler.apply(resources.map((resource) => put(resource)));
  return compiler;
}

const exactly = { type: 'exact', value: 'y' } as const;
const scopes = (compiler: XdsCompiler) => [...compiler.resources('scope').keys()].sort();
const many = 10_000;
const base = [listener(80), cluster('a'), cluster('b'), endpoints('a', [1]), endpoints('b', [2])];
const hostRoute = (n: number, to = 'a') => route(`r${n}`, [rule(forward(to))], attached([`h${n}.example`]));
const pathRoute = (n: number, to = 'a') =>
  route(`r${n}`, [rule(forward(to), { matches: [prefix(`/svc-${n}`)] })]);

test.each([
  ['hosts', hostRoute, 'shop/edge/80|h7.example'],
  ['first segments of one host', pathRoute, 'shop/edge/80|*/svc-7'],
])('a change of one of 10,000 routes with as many %s makes one scope of fixed size', (_what, make, scope) => {
  const compiler = compiled(...base, ...Array.from({ length: many }, (_, n) => make(n)));
  const before = { ...compiler.counts };
  const changes = compiler.apply([put(make(7, 'b'))]);
  expect(changes.map(({ kind, name }) => `${kind} ${name}`)).toEqual([`scope ${scope}`]);
  expect(compiler.counts).toEqual({ ...before, scope: before.scope + 1 });
  const few = compiled(...base, ...Array.from({ length: 40 }, (_, n) => make(n)));
  const [small] = few.apply([put(make(7, 'b'))]);
  expect(changes[0]?.resource?.body).toEqual(small?.resource?.body);
  expect(changes[0]?.resource?.body.length).toBeLessThan(1_200);
});

test.each([
  [2_000, 2_000],
  [500, 0],
])('of the scopes of %i new routes %i are made only when they are looked at', (count, late) => {
  const compiler = compiled(...base);
  const changes = compiler.apply(Array.from({ length: count }, (_, n) => put(hostRoute(n))));
  const unmade = changes.filter(({ resource }) => resource instanceof LateResource && !resource.isMade);
  expect(unmade).toHaveLength(late);
  // Whether the clusters are there is asked of all that wait.
  for (const { resource } of unmade) expect(resource?.uses).toHaveLength(1);
  expect(unmade.some(({ resource }) => resource instanceof LateResource && resource.isMade)).toBe(false);
  // What is made later is what was at that time.
  compiler.apply([put(hostRoute(7, 'b'), 2)]);
  const before = changes.find(({ name }) => name.endsWith('|h7.example'))?.resource;
  const now = compiler.resources('scope').get('shop/edge/80|h7.example');
  expect(before?.uses).toEqual([{ kind: 'cluster', name: 'shop/a/80' }]);
  expect(now?.uses).toEqual([{ kind: 'cluster', name: 'shop/b/80' }]);
});

test('an endpoint change touches no scope', () => {
  const compiler = compiled(...base, ...Array.from({ length: 1_000 }, (_, n) => hostRoute(n)));
  const before = { ...compiler.counts };
  expect(compiler.apply([put(endpoints('a', [3]))]).map(({ kind }) => kind)).toEqual(['endpoint']);
  expect(compiler.counts).toEqual({ ...before, endpoint: before.endpoint + 1 });
});

test('a listener that goes takes its scopes along; what is left of a hostname goes with its last route', () => {
  const compiler = compiled(...base, hostRoute(1), hostRoute(2));
  expect(scopes(compiler)).toEqual(['shop/edge/80|*', 'shop/edge/80|h1.example', 'shop/edge/80|h2.example']);
  compiler.apply([gone(hostRoute(1))]);
  expect(scopes(compiler)).toEqual(['shop/edge/80|*', 'shop/edge/80|h2.example']);
  compiler.apply([gone(listener(80))]);
  expect(scopes(compiler)).toEqual([]);
  compiler.apply([put(listener(80))]);
  expect(scopes(compiler)).toEqual(['shop/edge/80|*', 'shop/edge/80|h2.example']);
});

test('a route that only changes its revision is no removal', () => {
  const compiler = compiled(...base, ...Array.from({ length: 100 }, (_, n) => pathRoute(n)));
  const changes = compiler.apply([put(pathRoute(7), 2)]);
  expect(changes.map(({ name, resource }) => [name, resource !== undefined])).toEqual([
    ['shop/edge/80|*/svc-7', true],
  ]);
});

const whole = prefix('/svc-7');
test.each<[string, string, IrHttpMatch[], boolean]>([
  ['', 'every path', [prefix('/')], false],
  ['', 'one path', [match({ path: { type: 'exact', value: '/' } })], true],
  ['', 'every path of a method', [match({ method: 'GET' })], true],
  ['', 'every path with a header', [match({ headers: [{ name: 'x', match: exactly }] })], true],
  ['', 'every path with a parameter', [match({ query: [{ name: 'x', match: exactly }] })], true],
  ['/svc-7', 'its own path', [whole], false],
  ['/svc-7', 'its own path of a method', [{ ...whole, method: 'GET' }], true],
  ['/svc-7', 'its own path of a method and of any', [{ ...whole, method: 'GET' }, whole], false],
  ['/svc-7', 'a path below', [prefix('/svc-7/a')], true],
])('scope "%s" with a match of %s may be left: %#', (path, _what, matches, left) => {
  const others = Array.from({ length: 40 }, (_, n) => pathRoute(n + 10));
  const compiler = compiled(
    ...base,
    ...(path === '' ? [] : others),
    route('r7', [rule(forward('a'), { matches })]),
  );
  const scope = compiler.resources('scope').get(`shop/edge/80|*${path}`);
  expect(JSON.stringify(scope && xdsJson(scope)).includes(noMatchRoute)).toBe(left);
});

test('wildcards of many labels share the scope of their last ones, each with its own routes', () => {
  const deep = ['*.b.c.d.e', '*.a.b.c.d.e', '*.x.b.c.d.e'];
  const compiler = compiled(
    ...base,
    ...deep.map((hostname, n) => route(`r${n}`, [rule(forward('a'))], attached([hostname]))),
  );
  expect(scopes(compiler)).toEqual(['shop/edge/80|*', 'shop/edge/80|*.b.c.d.e']);
  const [resource] = [...compiler.resources('scope').values()].filter(({ name }) => name.endsWith('e'));
  const json = resource && xdsJson(resource);
  expect(json).toMatchObject({
    routeConfiguration: { virtualHosts: [...deep].sort().map((domain) => ({ domains: [domain] })) },
  });
  compiler.apply(deep.map((_, n) => gone(route(`r${n}`, []))));
  expect(scopes(compiler)).toEqual(['shop/edge/80|*']);
});

test('a server added to an HTTPS listener adds a scope and changes no other', () => {
  const on = (...names: string[]) =>
    listener(443, {
      protocol: 'HTTPS',
      servers: names.map((name) => server(`${name}.example`, { name, certificates: ['shop/c'] })),
    });
  const compiler = compiled(on('a'));
  const changes = compiler.apply([put(on('a', 'b'))]);
  expect(changes.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
    'listener shop/edge/443',
    'scope shop/edge/443|b.example',
  ]);
});
