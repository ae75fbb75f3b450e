// What a proxy at the edge must not let through, whatever a client sends. https://www.envoyproxy.io/docs/envoy/latest/configuration/best_practices/edge
import { isIP } from 'node:net';
import { type EchoRequest, request, until } from '@sluice/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { gateway, httpRoute, path, rule } from '../../harness/objects.ts';
import { useSluice } from '../../harness/use-sluice.ts';

const world = useSluice({
  backends: ['public', 'admin'],
  manifests: () => ({
    'gateway.yaml': gateway('edge'),
    'route.yaml': httpRoute('route', {
      parent: 'edge',
      rules: [
        rule('public', { matches: [path('PathPrefix', '/public')] }),
        rule('admin', { matches: [path('PathPrefix', '/admin')] }),
      ],
    }),
  }),
});
afterEach(() => world().backend('public').respond(undefined));

async function ask(at: string, headers: Record<string, string> = {}) {
  return request({ ...(await world().sluice.target('edge', 80)), host: 'shop.example', path: at, headers });
}

describe('a path means the same to the proxy and to the backend', () => {
  it.each([
    ['/public/../admin', 'admin', '/admin'],
    ['/public/./a', 'public', '/public/a'],
    ['/public/%2e%2e/admin', 'admin', '/admin'],
    ['//public//a', 'public', '/public/a'],
  ])('%s is routed and sent as it is meant: %s %s', async (at, name, seen) => {
    expect((await ask(at)).json<EchoRequest>()).toMatchObject({ name, path: seen });
  });

  it.each(['/public%2f..%2fadmin', '/public/..%2Fadmin', '/public%5c..%5cadmin'])(
    '%s is refused',
    async (at) => {
      const before = world().backend('admin').requests;
      expect((await ask(at)).status).toBe(400);
      expect(world().backend('admin').requests).toBe(before);
    },
  );
});

describe('headers from outside', () => {
  it('with underscores are refused: a backend may take them for the dashed ones', async () => {
    expect((await ask('/public', { x_forwarded_for: '10.0.0.1' })).status).toBe(400);
  });

  it('cannot claim another scheme or an internal request', async () => {
    const { headers } = (
      await ask('/public', { 'x-forwarded-proto': 'https', 'x-envoy-internal': 'true' })
    ).json<EchoRequest>();
    expect(headers['x-forwarded-proto']).toBe('http');
    expect(headers).not.toHaveProperty('x-envoy-internal');
  });

  it('cannot hide the address they come from', async () => {
    const { headers } = (await ask('/public', { 'x-forwarded-for': '10.0.0.1' })).json<EchoRequest>();
    const seen = String(headers['x-forwarded-for']).split(',').at(-1)?.trim() ?? '';
    expect(isIP(seen)).not.toBe(0);
    expect(seen).not.toBe('10.0.0.1');
  });

  it('cannot change timeouts or ask for retries', async () => {
    world()
      .backend('public')
      .respond(() => ({ delayMs: 200, status: 503 }));
    const before = world().backend('public').requests;
    const answer = await ask('/public', {
      'x-envoy-upstream-rq-timeout-ms': '1',
      'x-envoy-retry-on': '5xx',
      'x-envoy-max-retries': '5',
    });
    expect(answer.status).toBe(503);
    expect(answer.json<EchoRequest>().name).toBe('public');
    expect(world().backend('public').requests - before).toBe(1);
  });

  it('may not be endless', async () => {
    expect((await ask('/public', { 'x-long': 'a'.repeat(100_000) })).status).toBe(431);
  });
});

it('answers do not tell what software stands behind', async () => {
  const { headers } = await ask('/public');
  expect(headers).not.toHaveProperty('x-envoy-upstream-service-time');
});

it('the admin interface is on no port', async () => {
  const { sluice } = world();
  const { listeners } = await until(async () => {
    const contents = await sluice.envoy.contents();
    return contents.listeners.length > 0 ? contents : undefined;
  });
  expect(listeners).toHaveLength(1);
  for (const at of ['/config_dump', '/server_info', '/quitquitquit'])
    expect((await ask(at)).status).toBe(404);
});
