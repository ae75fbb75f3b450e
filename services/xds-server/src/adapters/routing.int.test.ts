import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createConnection } from 'node:net';
import type { IrHttpAction, IrHttpMatch, IrResource } from '@sluice/ir';
import { type Backend, freePort, type HttpAnswer, request, startBackend, until } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  attached,
  cluster,
  endpoints,
  forward,
  gateway,
  listener,
  match,
  prefix,
  route,
  rule,
  server,
} from '../testing/ir.ts';
import { Rig } from '../testing/rig.ts';

const rig = new Rig();
let port = 0;
let backend: Backend;
let slow: Backend;
let upgrades: Server;

const none = { set: [], add: [], remove: [] };
const to = (action: IrHttpAction, ...matches: IrHttpMatch[]) => rule(action, { matches });
const path = (type: 'exact' | 'regex', value: string) => match({ path: { type, value } });
const redirect = (rest: object): IrHttpAction => ({ type: 'redirect', statusCode: 302, ...rest });

/** One hostname for each subject. */
function routes(): IrResource[] {
  return [
    route(
      'paths',
      [
        to(forward('root'), prefix('/')),
        to(forward('segment'), prefix('/a')),
        to(forward('longer'), prefix('/a/b')),
        to(forward('exact'), path('exact', '/a/b')),
        to(forward('regex'), path('regex', '/a/[0-9]+')),
        to(forward('method'), match({ method: 'POST' })),
        to(forward('header'), match({ headers: [{ name: 'x-v', match: { type: 'exact', value: '2' } }] })),
        to(forward('query'), match({ query: [{ name: 'v', match: { type: 'regex', value: '[0-9]' } }] })),
      ],
      attached(['paths.example']),
    ),
    route(
      'redirects',
      [
        to(redirect({ path: { type: 'prefix', value: '/new' } }), prefix('/old')),
        to(redirect({ path: { type: 'prefix', value: '/' } }), prefix('/strip')),
        to(redirect({ path: { type: 'full', value: '/there' }, statusCode: 301 }), prefix('/full')),
        to(redirect({ scheme: 'https', port: 443 }), prefix('/secure')),
        to(redirect({ hostname: 'else.example', port: 8443, scheme: 'https' }), prefix('/else')),
      ],
      attached(['redirects.example']),
    ),
    route(
      'rewrites',
      [
        to(forward('root', { pathRewrite: { type: 'prefix', value: '/' } }), prefix('/strip')),
        to(forward('root', { pathRewrite: { type: 'prefix', value: '/new/' } }), prefix('/old')),
        to(forward('root', { pathRewrite: { type: 'full', value: '/all\\1$&' } }), prefix('/full')),
        to(forward('root', { pathRewrite: { type: 'prefix', value: '/x' } }), prefix('/')),
        to(forward('root', { hostRewrite: 'inner.example' }), path('exact', '/host')),
      ],
      attached(['rewrites.example']),
    ),
    route(
      'edits',
      [
        rule(
          forward([
            {
              cluster: 'shop/root/80',
              weight: 1,
              requestHeaders: { ...none, set: [{ name: 'x-a', value: 'backend' }] },
            },
          ]),
          {
            requestHeaders: {
              set: [{ name: 'x-a', value: 'rule' }],
              add: [{ name: 'x-b', value: '%REQ(:path)%' }],
              remove: ['x-c'],
            },
            responseHeaders: { set: [{ name: 'x-r', value: '50%' }], add: [], remove: [] },
          },
        ),
      ],
      attached(['edits.example']),
    ),
    route(
      'errors',
      [
        to(
          forward([
            { cluster: null, weight: 1 },
            { cluster: null, weight: 1 },
          ]),
          prefix('/invalid'),
        ),
        to({ type: 'respond', statusCode: 500, reason: 'all backends are invalid' }, prefix('/respond')),
        to(forward('slow', { requestTimeoutMs: 200 }), prefix('/timeout')),
        to(forward('slow', { backendTimeoutMs: 200 }), prefix('/backend-timeout')),
        to(forward('nobody'), prefix('/nobody')),
      ],
      attached(['errors.example']),
    ),
    route('upgrade', [rule(forward('upgrades'))], attached(['upgrade.example'])),
    route('isolated-wild', [rule(forward('root'))], attached(['*.iso.example'], { server: 'wild' })),
    route(
      'isolated-sub',
      [to(forward('segment'), prefix('/sub'))],
      attached(['only.sub.iso.example'], { server: 'sub' }),
    ),
    route(
      'specific',
      [to(forward('exact'), prefix('/specific'))],
      attached(['one.iso.example'], { server: 'wild' }),
    ),
  ];
}

beforeAll(async () => {
  backend = await startBackend({ name: 'backend' });
  slow = await startBackend({ name: 'slow' });
  slow.respond(() => ({ instead: 'hang' }));
  upgrades = await upgradeServer();
  port = await freePort();
  await rig.startServer();
  await rig.startEnvoy();
  const services = ['root', 'segment', 'longer', 'exact', 'regex', 'method', 'header', 'query'];
  // Every service is the same backend: which one was chosen shows in the host that a request header edit adds.
  await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/80']),
    listener(port, {
      servers: [
        server(),
        server('*.iso.example', { name: 'wild' }),
        server('*.sub.iso.example', { name: 'sub' }),
      ],
    }),
    ...services.flatMap((name) => [cluster(name), endpoints(name, [backend.port])]),
    cluster('slow'),
    endpoints('slow', [slow.port]),
    cluster('upgrades'),
    endpoints('upgrades', [(upgrades.address() as AddressInfo).port]),
    cluster('nobody'),
    endpoints('nobody', [{ address: '127.0.0.1', port: 1, state: 'ready' }]),
    ...routes(),
  ]);
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  await backend.close();
  await slow.close();
  upgrades.closeAllConnections();
  upgrades.close();
});

const get = (host: string, at: string, rest: object = {}): Promise<HttpAnswer> =>
  request({ address: '127.0.0.1', port, host, path: at, ...rest });

/** The last line of the access log that tells of this request. */
async function logged(answer: HttpAnswer): Promise<Record<string, unknown>> {
  const id = String(answer.headers['x-request-id']);
  const line = await until(() =>
    rig
      .envoyLog()
      .split('\n')
      .find((each) => each.includes(id)),
  );
  return JSON.parse(line);
}

describe('paths and precedence', () => {
  test.each([
    ['/', {}, 'root'],
    ['/a', {}, 'segment'],
    ['/a/', {}, 'segment'],
    ['/ab', {}, 'root'],
    ['/a/b', {}, 'exact'],
    ['/a/b/', {}, 'longer'],
    ['/a/b/c', {}, 'longer'],
    ['/a/42', {}, 'regex'],
    ['/a/42x', {}, 'segment'],
    ['/', { method: 'POST' }, 'method'],
    ['/', { headers: { 'x-v': '2' } }, 'header'],
    ['/', { headers: { 'x-v': '2', host: 'paths.example' }, method: 'POST' }, 'method'],
    ['/?v=7', {}, 'query'],
    ['/?v=77', {}, 'root'],
    ['/a/../b', {}, 'root'],
    ['//a//b', {}, 'exact'],
  ])('%s %o goes to %s', async (at, rest, expected) => {
    const answer = await get('paths.example', at, rest);
    expect(answer.status).toBe(200);
    expect(await logged(answer)).toMatchObject({
      upstream_cluster: `shop/${expected}/80`,
      revision: '1-1',
      flags: '-',
    });
  });
});

describe('hostnames', () => {
  test.each([
    ['x.iso.example', '/', 200],
    // Less specific servers and hostnames are not asked when the most specific one has no match.
    ['x.sub.iso.example', '/', 404],
    ['only.sub.iso.example', '/', 404],
    ['only.sub.iso.example', '/sub', 200],
    ['one.iso.example', '/', 404],
    ['one.iso.example', '/specific', 200],
    ['ONE.iso.example:8080', '/specific', 200],
    ['iso.example', '/', 404],
  ])('%s%s is %i', async (host, at, status) => {
    expect((await get(host, at)).status).toBe(status);
  });
});

describe('redirects', () => {
  test.each([
    ['/old', 302, 'http://redirects.example:8080/new'],
    ['/old/x?q=1', 302, 'http://redirects.example:8080/new/x?q=1'],
    ['/strip', 302, 'http://redirects.example:8080/'],
    ['/strip/x', 302, 'http://redirects.example:8080/x'],
    ['/full/x', 301, 'http://redirects.example:8080/there'],
    ['/secure/x', 302, 'https://redirects.example/secure/x'],
    ['/else/x', 302, 'https://else.example:8443/else/x'],
  ])('%s is %i %s', async (at, status, location) => {
    const answer = await get('redirects.example:8080', at);
    expect(answer.status).toBe(status);
    expect(answer.headers.location).toBe(location);
  });
});

describe('rewrites', () => {
  test.each([
    ['/strip', '/'],
    ['/strip/', '/'],
    ['/strip/x?q=1', '/x?q=1'],
    ['/old', '/new'],
    ['/old/x', '/new/x'],
    ['/full/x?q=1', '/all\\1$&?q=1'],
    ['/', '/x/'],
    ['/y', '/x/y'],
  ])('%s reaches the backend as %s', async (at, expected) => {
    expect((await get('rewrites.example', at)).json()).toMatchObject({ path: expected });
  });

  test('a host rewrite changes the host, and nothing else does', async () => {
    expect((await get('rewrites.example:81', '/host')).json()).toMatchObject({ host: 'inner.example' });
    expect((await get('rewrites.example:81', '/y')).json()).toMatchObject({ host: 'rewrites.example:81' });
  });

  test('the access log has host and path as the client sent them', async () => {
    expect(await logged(await get('rewrites.example:81', '/host?secret=1'))).toMatchObject({
      host: 'rewrites.example:81',
      path: '/host',
    });
    expect(await logged(await get('rewrites.example', '/strip/../strip//x?q=1'))).toMatchObject({
      host: 'rewrites.example',
      path: '/strip/x',
    });
  });
});

test('header edits: the backend after the rule, and values are text', async () => {
  const answer = await get('edits.example', '/', { headers: { 'x-c': 'gone', 'x-b': 'first' } });
  const { headers } = answer.json<{ headers: Record<string, string> }>();
  expect(headers).toMatchObject({ 'x-a': 'backend', 'x-b': 'first, %REQ(:path)%' });
  expect(headers).not.toHaveProperty('x-c');
  expect(answer.headers['x-r']).toBe('50%');
});

describe('errors say which they are', () => {
  test.each([
    ['/invalid', 500, 'invalid_backend', 'NC'],
    ['/respond', 500, 'refused', '-'],
    ['/timeout', 504, 'upstream_timeout', 'UT'],
    ['/backend-timeout', 504, 'upstream_timeout', 'UT'],
    ['/nobody', 503, 'upstream_connect_failure', 'UF'],
    ['/none', 404, 'no_route', 'NR'],
  ])('%s is %i %s', async (at, status, error, flag) => {
    const answer = await get('errors.example', at);
    expect(answer.status).toBe(status);
    const body = answer.json<{ error: string; flags: string; message: string; details: string }>();
    expect(body).toMatchObject({ error, status });
    expect(body.flags.split(',')).toContain(flag);
    expect(body.message).not.toBe('');
    expect((await logged(answer)).details).toBe(body.details);
  });

  test('an answer of the route itself carries its reason', async () => {
    expect((await get('errors.example', '/respond')).json()).toMatchObject({
      message: 'all backends are invalid',
    });
  });
});

describe('safe by default', () => {
  test.each([
    ['/a%2Fb', {}],
    ['/a%5Cb', {}],
    ['/', { headers: { x_under: '1' } }],
    ['/', { headers: Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`x-${n}`, '1'])) }],
    ['/', { headers: { 'x-long': 'x'.repeat(70_000) } }],
  ])('%s with %o is refused', async (at, rest) => {
    const { status } = await get('paths.example', at, rest);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  });

  test('what a client claims about itself does not reach the backend', async () => {
    const claims = {
      'x-forwarded-for': '10.1.1.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil',
      'x-envoy-retry-on': '5xx',
      'x-envoy-upstream-rq-timeout-ms': '1',
      'x-envoy-external-address': '9.9.9.9',
      'x-request-id': 'mine',
    };
    const answer = await get('paths.example', '/', { headers: claims });
    const { headers } = answer.json<{ headers: Record<string, string> }>();
    // What came is kept for the record; what counts is the address that Envoy saw, at its end.
    expect(headers['x-forwarded-for']).toMatch(/^10\.1\.1\.1,[0-9.]+$/);
    expect(headers['x-forwarded-proto']).toBe('http');
    expect(headers['x-request-id']).not.toBe('mine');
    const { 'x-envoy-external-address': client, ...others } = headers;
    expect(client).not.toBe('9.9.9.9');
    expect(
      Object.keys(others).filter((name) => name.startsWith('x-envoy') || name === 'x-forwarded-host'),
    ).toEqual([]);
    expect(
      Object.keys(answer.headers).filter((name) => name.startsWith('x-envoy') || name === 'server'),
    ).toEqual([]);
  });

  test('a websocket upgrade passes', async () => {
    const socket = createConnection(port, '127.0.0.1');
    socket.write(
      'GET /chat HTTP/1.1\r\nHost: upgrade.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    let received = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      received += chunk;
      if (received.endsWith('\r\n\r\n')) socket.write('ping');
    });
    await until(() => received.endsWith('echo ping'));
    expect(received).toMatch(/^HTTP\/1.1 101 /);
    socket.destroy();
  });
});

/** Answers an upgrade, then echoes. */
async function upgradeServer(): Promise<Server> {
  const plain = createServer();
  plain.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.on('data', (chunk) => socket.write(`echo ${chunk}`));
    socket.on('error', () => socket.destroy());
  });
  plain.listen(0, '127.0.0.1');
  await once(plain, 'listening');
  return plain;
}
