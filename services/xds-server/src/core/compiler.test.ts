import type { IrResource } from '@sluice/ir';
import { expect, test } from 'vitest';
import {
  attached,
  certificate,
  cluster,
  endpoints,
  forward,
  gateway,
  listener,
  route,
  rule,
  server,
} from '../testing/ir.ts';
import { XdsCompiler } from './compiler.ts';
import { defaultListenerSettings } from './http-connection-manager.ts';
import { plainRouteLayout } from './plain-route-layout.ts';
import type { KeyPair } from './secret.ts';

const revision = { epoch: 1, seq: 1 };
const put = (resource: IrResource) => ({ kind: resource.kind, key: resource.key, resource, revision });
const gone = ({ kind, key }: IrResource) => ({ kind, key, revision });

const pairs = new Map<string, KeyPair>();

function compiled(...resources: IrResource[]): XdsCompiler {
  const compiler = new XdsCompiler({
    layout: plainRouteLayout,
    settings: defaultListenerSettings,
    findKeyPair: (wanted) => pairs.get(wanted.digest),
  });
  compiler.apply(resources.map(put));
  return compiler;
}

const shop = [
  gateway(['127.0.0.1'], ['shop/edge/80', 'shop/edge/81']),
  listener(80),
  listener(81, { key: 'shop/edge/81' }),
  cluster('a'),
  cluster('b'),
  endpoints('a', [1]),
  endpoints('b', [2]),
  route('r', [rule(forward('a'))], attached(['a.example'])),
  route('s', [rule(forward('b'))], attached(['b.example'], { listener: 'shop/edge/81' })),
];

test.each([
  ['an endpoint group', endpoints('a', [3]), ['endpoint shop/a/80']],
  ['a cluster', cluster('a', { connectTimeoutMs: 1 }), ['cluster shop/a/80']],
  ['a route', route('r', [rule(forward('b'))], attached(['a.example'])), ['route shop/edge/80']],
  [
    'a route that moves',
    route('r', [rule(forward('a'))], attached(['a.example'], { listener: 'shop/edge/81' })),
    ['route shop/edge/80', 'route shop/edge/81'],
  ],
  ['a listener with another port', listener(8080), ['listener shop/edge/80']],
  ['a gateway of another generation', { ...gateway(['127.0.0.1'], []), generation: 2 }, []],
  ['nothing', endpoints('a', [1]), []],
])('%s changes only its own', (_what, change, expected) => {
  const changes = compiled(...shop).apply([put(change)]);
  expect(changes.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual(expected);
});

test('a cluster without endpoint groups has an empty assignment; one that goes takes it along', () => {
  const compiler = compiled(cluster('a'));
  expect([...compiler.resources('endpoint').keys()]).toEqual(['shop/a/80']);
  expect(compiler.apply([gone(cluster('a'))])).toEqual([
    { kind: 'cluster', name: 'shop/a/80' },
    { kind: 'endpoint', name: 'shop/a/80' },
  ]);
});

test('a listener that goes takes its tables along, and they are back with it', () => {
  const compiler = compiled(...shop);
  const changes = compiler.apply([gone(listener(80))]);
  expect(changes.map(({ kind, name, resource }) => [kind, name, resource])).toEqual([
    ['listener', 'shop/edge/80', undefined],
    ['route', 'shop/edge/80', undefined],
  ]);
  expect(compiler.apply([put(listener(80))])).toHaveLength(2);
});

test('a listener without addresses is not served', () => {
  expect([
    ...compiled(listener(80, { addresses: [] }))
      .resources('listener')
      .keys(),
  ]).toEqual([]);
});

test('a secret comes with its key pair, stays while a newer one is awaited, and never shows the key in its version', () => {
  const pem = (text: string) => ({
    chainPem: Buffer.from(`chain ${text}`),
    keyPem: Buffer.from(`key ${text}`),
  });
  const compiler = compiled(certificate('c', 'd1'));
  expect(compiler.resources('secret').size).toBe(0);
  pairs.set('d1', pem('one'));
  const [first] = compiler.keyPairsChanged(['shop/c']);
  expect(Buffer.from(first?.resource?.body ?? []).toString('latin1')).toContain('key one');
  expect(compiler.apply([put(certificate('c', 'd2'))])).toEqual([]);
  expect(compiler.resources('secret').get('shop/c')).toBe(first?.resource);
  pairs.set('d2', pem('two'));
  const [second] = compiler.keyPairsChanged(['shop/c']);
  expect(second?.resource?.version).not.toBe(first?.resource?.version);
  expect(compiler.apply([gone(certificate('c', 'd2'))])).toEqual([{ kind: 'secret', name: 'shop/c' }]);
});

test('a server added to an HTTPS listener is told to the tables of that listener alone', () => {
  const on = (...names: string[]) =>
    listener(443, {
      protocol: 'HTTPS',
      servers: names.map((name) => server(`${name}.example`, { name, certificates: ['shop/c'] })),
    });
  const compiler = compiled(
    ...shop,
    on('a'),
    route('r', [rule(forward('a'))], attached(['a.example'], { listener: 'shop/edge/443', server: 'a' })),
  );
  const changes = compiler.apply([put(on('a', 'b'))]);
  expect(changes.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
    'listener shop/edge/443',
    // Which hosts another server answers for stands in each table: 421 tells the client to connect anew.
    'route shop/edge/443/a',
    'route shop/edge/443/b',
  ]);
});

test('one of 1,000 routes makes one table, an endpoint change one assignment', () => {
  const many = Array.from({ length: 1_000 }, (_, n) =>
    route(`r${n}`, [rule(forward('a'))], attached([`h${n}.example`])),
  );
  const compiler = compiled(listener(80), cluster('a'), endpoints('a', [1]), ...many);
  const before = { ...compiler.counts };
  compiler.apply([put(route('r7', [rule(forward('b'))], attached(['h7.example'])))]);
  compiler.apply([put(endpoints('a', [2]))]);
  expect(compiler.counts).toEqual({ ...before, route: before.route + 1, endpoint: before.endpoint + 1 });
});
