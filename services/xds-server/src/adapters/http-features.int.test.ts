// Mirrors, retries and cross-origin answers on a real Envoy.
import type { IrCors, IrResource, IrRetry } from '@sluice/ir';
import { type Backend, freePort, type HttpAnswer, request, startBackend, until } from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  attached,
  cluster,
  endpoints,
  forward,
  gateway,
  listener,
  prefix,
  route,
  rule,
} from '../testing/ir.ts';
import { Rig } from '../testing/rig.ts';

const rig = new Rig();
const backends: Record<'main' | 'copy' | 'second', Backend> = Object.create(null);
let port = 0;

const million = 1_000_000;
const all = (service: string) => ({ cluster: `shop/${service}/80`, perMillion: million });
const retrying = (retry: IrRetry, rest: object = {}) => rule(forward('main', { retry, ...rest }));
const cors: IrCors = {
  allowOrigins: [
    { type: 'exact', value: 'https://www.shop.example' },
    { type: 'regex', value: 'https://[a-z0-9.-]+\\.partner\\.example' },
  ],
  allowCredentials: true,
  allowMethods: ['GET', 'PUT'],
  allowHeaders: ['x-one', 'x-two'],
  exposeHeaders: ['x-three'],
  maxAgeSeconds: 600,
};
const anyOrigin: IrCors = {
  ...cors,
  allowOrigins: [{ type: 'regex', value: '.*' }],
  allowMethods: ['*'],
  allowHeaders: ['*'],
  exposeHeaders: [],
};

function routes(): IrResource[] {
  const mirrored = (name: string, mirrors: object[]) =>
    route(name, [rule(forward('main', { mirrors }))], attached([`${name}.example`]));
  return [
    mirrored('one', [all('copy')]),
    mirrored('two', [all('copy'), all('second')]),
    mirrored('some', [{ ...all('copy'), perMillion: 200_000 }]),
    mirrored('dead', [all('dead'), all('nowhere')]),
    route('retry', [retrying({ codes: [500, 503], attempts: 3 })], attached(['retry.example'])),
    route('plain', [rule(forward('main'))], attached(['plain.example'])),
    route(
      'slow',
      [retrying({ codes: [], attempts: 2, backoffMs: 10 }, { backendTimeoutMs: 100 })],
      attached(['slow.example']),
    ),
    route(
      'cors',
      [
        rule(forward('main'), { cors, matches: [prefix('/')] }),
        rule(forward('main'), { cors: anyOrigin, matches: [prefix('/any')] }),
        rule(forward('main'), {
          cors: { ...anyOrigin, allowCredentials: false },
          matches: [prefix('/open')],
        }),
        rule(forward('main'), { matches: [prefix('/none')] }),
      ],
      attached(['cors.example']),
    ),
  ];
}

beforeAll(async () => {
  for (const name of ['main', 'copy', 'second'] as const) backends[name] = await startBackend({ name });
  port = await freePort();
  await rig.startServer();
  await rig.startEnvoy();
  await rig.apply([
    gateway(['127.0.0.1'], ['shop/edge/80']),
    listener(port),
    ...Object.values(backends).flatMap(({ name, port: at }) => [cluster(name), endpoints(name, [at])]),
    cluster('dead'),
    endpoints('dead', [1]),
    ...routes(),
  ]);
});
beforeEach(() => {
  for (const backend of Object.values(backends)) backend.respond(undefined);
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  for (const backend of Object.values(backends)) await backend.close();
});

const get = (host: string, at = '/', rest: object = {}): Promise<HttpAnswer> =>
  request({ address: '127.0.0.1', port, host, path: at, ...rest });

/** How many requests a piece of work sends to each backend, once they have come to rest at `expected`. */
async function counted(work: () => Promise<void>, expected: Partial<Record<keyof typeof backends, number>>) {
  const before = Object.fromEntries(Object.entries(backends).map(([name, b]) => [name, b.requests]));
  const since = (name: keyof typeof backends): number => backends[name].requests - (before[name] ?? 0);
  await work();
  for (const [name, count] of Object.entries(expected) as [keyof typeof backends, number][]) {
    await until(() => since(name) >= count, { message: `${count} requests at ${name}, not ${since(name)}` });
    expect(since(name), name).toBe(count);
  }
}

describe('mirrors', () => {
  test('a copy goes to the mirror with the Host, method, path and body that were sent', async () => {
    const seen: object[] = [];
    backends.copy.respond((echo) => {
      seen.push(echo);
      return { status: 500 };
    });
    await counted(
      async () => {
        const answer = await get('one.example', '/a?b=1', { method: 'POST', body: 'hello' });
        expect(answer.status).toBe(200);
        expect(answer.json()).toMatchObject({ name: 'main' });
      },
      { main: 1, copy: 1 },
    );
    expect(seen).toMatchObject([{ host: 'one.example', method: 'POST', path: '/a?b=1', body: 'hello' }]);
  });

  test('several mirrors get one copy each', async () => {
    await counted(async () => void (await get('two.example')), { main: 1, copy: 1, second: 1 });
  });

  test('a share of the requests is copied', async () => {
    const requests = 1_000;
    const before = backends.copy.requests;
    await counted(
      async () => {
        for (let at = 0; at < requests; at += 20)
          await Promise.all(Array.from({ length: 20 }, () => get('some.example')));
      },
      { main: requests },
    );
    // 20 % of 1,000: the standard deviation is 12.6, and five of them are never exceeded by chance.
    expect(Math.abs(backends.copy.requests - before - 200)).toBeLessThan(64);
  });

  test.each([
    ['a mirror that is down', 'dead.example', undefined],
    ['one that hangs', 'one.example', 'hang'],
  ])('%s harms nobody', async (_, host, instead) => {
    if (instead === 'hang') backends.copy.respond(() => ({ instead }));
    for (let i = 0; i < 5; i++) {
      const answer = await get(host, '/', { method: 'POST', body: 'x'.repeat(300_000) });
      expect(answer.status).toBe(200);
      expect(answer.json<{ body: string }>().body).toHaveLength(300_000);
    }
  });
});

describe('retries', () => {
  /** Answers `status` so many times, then 200. */
  function failing(times: number, status: number): void {
    let left = times;
    backends.main.respond(() => (left-- > 0 ? { status } : {}));
  }

  test.each([
    [2, 500, 200, 3],
    [3, 503, 200, 4],
    [4, 500, 500, 4],
    [1, 502, 502, 1],
  ])('%i answers of %i give %i after %i requests', async (times, status, seen, requests) => {
    failing(times, status);
    await counted(async () => void expect((await get('retry.example')).status).toBe(seen), {
      main: requests,
    });
  });

  test('without a word of the user an answer is never asked for again', async () => {
    failing(1, 503);
    await counted(async () => void expect((await get('plain.example')).status).toBe(503), { main: 1 });
  });

  test('a try that takes too long is one that failed', async () => {
    let first = true;
    backends.main.respond(() => {
      if (!first) return {};
      first = false;
      return { instead: 'hang' };
    });
    await counted(async () => void expect((await get('slow.example')).status).toBe(200), { main: 2 });
  });
});

describe('cross-origin requests', () => {
  const preflight = (origin: string, at = '/', rest: Record<string, string> = {}) =>
    get('cors.example', at, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'PUT', ...rest },
    });
  const told = ({ headers }: HttpAnswer) =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));

  test.each([['https://www.shop.example'], ['https://a.partner.example'], ['https://a.b.partner.example']])(
    'a preflight request from %s is answered, and reaches no backend',
    async (origin) => {
      await counted(
        async () => {
          const answer = await preflight(origin);
          expect(answer.status).toBe(200);
          expect(answer.body).toBe('');
          expect(told(answer)).toEqual({
            'access-control-allow-origin': origin,
            'access-control-allow-credentials': 'true',
            'access-control-allow-methods': 'GET, PUT',
            'access-control-allow-headers': 'x-one, x-two',
            'access-control-expose-headers': 'x-three',
            'access-control-max-age': '600',
          });
        },
        { main: 0 },
      );
    },
  );

  test.each([
    ['https://evil.example'],
    ['http://www.shop.example'],
    ['https://partner.example'],
    ['https://partner.example.evil'],
    ['https://a.partner.example:8443'],
    ['null'],
  ])('one from %s is answered without leave', async (origin) => {
    await counted(
      async () => {
        const answer = await preflight(origin);
        expect(answer.status).toBe(200);
        expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
      },
      { main: 0 },
    );
    const plain = await get('cors.example', '/', { headers: { origin } });
    expect(plain.status).toBe(200);
    expect(told(plain)).toEqual({});
  });

  test('an origin that is allowed may read the answer', async () => {
    const answer = await get('cors.example', '/', { headers: { origin: 'https://www.shop.example' } });
    expect(answer.json()).toMatchObject({ name: 'main' });
    expect(told(answer)).toEqual({
      'access-control-allow-origin': 'https://www.shop.example',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'x-three',
    });
  });

  test('with credentials * is never said: what was asked for is', async () => {
    const origin = 'https://who.example:1234';
    const answer = await preflight(origin, '/any', { 'access-control-request-headers': 'x-a, x-b' });
    expect(told(answer)).toEqual({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'x-a, x-b',
      'access-control-max-age': '600',
    });
  });

  test('without credentials every origin is taken, and credentials are not spoken of', async () => {
    const said = told(await preflight('https://who.example', '/open'));
    expect(said).not.toHaveProperty('access-control-allow-credentials');
    expect(['*', 'PUT']).toContain(said['access-control-allow-methods']);
    expect(['*', 'https://who.example']).toContain(said['access-control-allow-origin']);
  });

  test('a rule without the filter says nothing', async () => {
    const answer = await preflight('https://www.shop.example', '/none');
    expect(answer.json()).toMatchObject({ name: 'main', method: 'OPTIONS' });
    expect(told(answer)).toEqual({});
  });
});
