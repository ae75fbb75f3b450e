// examples/envoy-config with real backends behind the real Envoy: raw resources as a user has them, and what happens to the
// one that Envoy, or the platform, does not take.
import { readFileSync } from 'node:fs';
import {
  type Backend,
  type EchoRequest,
  request,
  serviceObjects,
  startBackend,
  until,
} from '@sluice/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { condition, type ObjectStatus } from '../../harness/objects.ts';
import { type Sluice, startSluice } from '../../harness/sluice.ts';

type ConfigStatus = Omit<ObjectStatus, 'addresses'> & {
  readonly addresses?: readonly { listener: string; address: string; port: number; service?: string }[];
};

const stack = new AsyncDisposableStack();
const backends = new Map<string, Backend>();
let sluice: Sluice;

/** An example with the backends of this test. */
function example(name: string): string {
  const text = readFileSync(new URL(`../../../examples/envoy-config/${name}.yaml`, import.meta.url), 'utf8');
  return text
    .split('---\n')
    .map((document) => {
      const address = /127\.90\.2\.\d/.exec(document)?.[0] ?? '';
      const port = backends.get(address)?.port;
      return port === undefined
        ? document
        : document.replace(address, '127.0.0.1').replace(/port: \d+/, `port: ${port}`);
    })
    .join('---\n');
}

async function statusOf(name: string, namespace = 'default'): Promise<ConfigStatus | undefined> {
  return (await sluice.find('ciliumenvoyconfigs', name, namespace))?.status as unknown as
    | ConfigStatus
    | undefined;
}

/** Waits for a condition; its message. */
async function said(
  object: { name: string; namespace?: string },
  type: string,
  is: { status: string; reason: string },
): Promise<string> {
  return await until(async () => {
    const found = condition((await statusOf(object.name, object.namespace))?.conditions, type);
    return found?.status === is.status && found.reason === is.reason ? `${found.message}` : undefined;
  });
}

const programmed = { status: 'True', reason: 'Programmed' } as const;

/** Where the traffic of a Service, or of a listener that has none, goes in. */
async function place(object: { name: string; namespace?: string }, of: string) {
  await said(object, 'Programmed', programmed);
  const found = (await statusOf(object.name, object.namespace))?.addresses?.find(
    ({ service, listener }) => service === of || listener === of,
  );
  if (found === undefined) throw new Error(`no address for ${of}`);
  return { address: found.address, port: found.port };
}

function backend(address: string): Backend {
  const found = backends.get(address);
  if (found === undefined) throw new Error(`no backend ${address}`);
  return found;
}

beforeAll(async () => {
  for (const i of [1, 2, 3, 4, 5, 6, 7]) {
    const address = `127.90.2.${i}`;
    backends.set(address, stack.use(await startBackend({ name: address })));
  }
  sluice = stack.use(
    await startSluice({
      manifests: Object.fromEntries(
        ['weighted', 'retries', 'rewrite'].map((name) => [`${name}.yaml`, example(name)]),
      ),
    }),
  );
});
afterAll(() => stack.disposeAsync());
afterEach((context) => {
  if (context.task.result?.state === 'fail') process.stderr.write(`${sluice?.diagnose() ?? ''}\n`);
});

describe('the examples of the slides', () => {
  it('gives three of four requests to one Service, at the address of either', async () => {
    const object = { name: 'envoy-lb-listener', namespace: 'app-test' };
    const count = 200;
    for (const service of ['app-test/service-a', 'app-test/service-b']) {
      const at = await place(object, service);
      const before = backend('127.90.2.1').requests;
      for (let i = 0; i < count; i++) expect((await request({ ...at, path: '/' })).status).toBe(200);
      const share = backend('127.90.2.1').requests - before;
      // Five standard deviations of a binomial distribution: one failure in two million runs.
      const deviation = Math.sqrt(count * 0.75 * 0.25);
      expect(Math.abs(share - count * 0.75)).toBeLessThan(5 * deviation);
    }
  });

  it('tries a request three times more, and counts each at the servers', async () => {
    const object = { name: 'envoy-lb-listener', namespace: 'cilium-test' };
    const at = await place(object, 'cilium-test/echo-other-node');
    const servers = ['127.90.2.3', '127.90.2.4'].map(backend);
    const total = () => servers.reduce((sum, { requests }) => sum + requests, 0);
    const answerAfter = (failures: number) => {
      let seen = 0;
      for (const server of servers) server.respond(() => ({ status: ++seen <= failures ? 503 : 200 }));
    };
    answerAfter(3);
    let before = total();
    expect((await request({ ...at, path: '/' })).status).toBe(200);
    expect(total() - before).toBe(4);
    answerAfter(100);
    before = total();
    expect((await request({ ...at, path: '/' })).status).toBe(503);
    expect(total() - before).toBe(4);
    for (const server of servers) server.respond(undefined);
  });

  it('rewrites paths by an expression, as the server sees', async () => {
    const object = { name: 'envoy-lb-listener', namespace: 'cilium-rewrite' };
    const at = await place(object, 'cilium-rewrite/echo-same-node');
    const seen = async (path: string) => JSON.parse((await request({ ...at, path })).body) as EchoRequest;
    expect((await seen('/foo/bar')).path).toBe('/');
    expect((await seen('/bar/foo')).path).toBe('/bar/foo');
  });
});

const manager = (route: string, filters: object[] = []) => ({
  filters: [
    {
      name: 'envoy.filters.network.http_connection_manager',
      typed_config: {
        '@type':
          'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
        stat_prefix: 's',
        rds: { route_config_name: route },
        http_filters: [
          ...filters,
          {
            name: 'envoy.filters.http.router',
            typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
          },
        ],
      },
    },
  ],
});
const listener = (name: string, filters: object[] = []) => ({
  '@type': 'type.googleapis.com/envoy.config.listener.v3.Listener',
  name,
  filter_chains: [manager(name, filters)],
});
const table = (name: string, text: string, domains = ['*']) => ({
  '@type': 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  name,
  virtual_hosts: [
    {
      name: 'all',
      domains,
      routes: [{ match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: text } } }],
    },
  ],
});
const config = (name: string, spec: object, metadata: object = {}) => ({
  apiVersion: 'cilium.io/v2',
  kind: 'CiliumEnvoyConfig',
  metadata: { name, namespace: 'default', ...metadata },
  spec,
});

describe('a resource that is not taken', () => {
  it('by Envoy: is set aside alone, with Envoy’s words, over restarts', async () => {
    const good = {
      resources: [listener('one'), table('one', 'first'), listener('two'), table('two', 'second')],
    };
    sluice.write({ 'mixed.json': [config('mixed', good)] });
    const one = await place({ name: 'mixed' }, 'one');
    const two = await place({ name: 'mixed' }, 'two');
    expect((await request({ ...one, path: '/' })).body).toBe('first');
    const bad = {
      resources: [
        listener('one'),
        table('one', 'changed', ['*', '*']),
        listener('two'),
        table('two', 'second, changed'),
      ],
    };
    sluice.write({ 'mixed.json': [config('mixed', bad)] });
    const words = await said({ name: 'mixed' }, 'Programmed', { status: 'False', reason: 'Invalid' });
    expect(words).toContain('cec:default/mixed/one');
    expect(words).toMatch(/wildcard|[Dd]uplicate|unique/);
    const holds = async () => {
      expect((await request({ ...one, path: '/' })).body).toBe('first');
      expect((await request({ ...two, path: '/' })).body).toBe('second, changed');
    };
    await until(async () => (await request({ ...two, path: '/' })).body === 'second, changed');
    await holds();
    await sluice.kill9('xds-server');
    await said({ name: 'mixed' }, 'Programmed', { status: 'False', reason: 'Invalid' });
    await holds();
    sluice.write({ 'mixed.json': [config('mixed', good)] });
    await said({ name: 'mixed' }, 'Programmed', programmed);
  });

  it('by us: code in it needs the word of an operator', async () => {
    const lua = {
      name: 'lua',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua',
        default_source_code: {
          inline_string: 'function envoy_on_response(h) h:headers():add("x-lua", "yes") end',
        },
      },
    };
    const spec = {
      resources: [listener('plain'), table('plain', 'p'), listener('coded', [lua]), table('coded', 'c')],
    };
    const tenant = config('tenant', spec, { namespace: 'tenant' });
    sluice.write({ 'tenant.json': [tenant] });
    const object = { name: 'tenant', namespace: 'tenant' };
    const words = await said(object, 'Accepted', { status: 'True', reason: 'ResourcesNotValid' });
    expect(words).toContain('is code that would run inside Envoy (an operator can allow code)');
    const plain = await place(object, 'plain');
    expect((await request({ ...plain, path: '/' })).body).toBe('p');
    expect((await sluice.cli('validate', `${sluice.dir}/tenant.json`)).output).toContain('typed_config');
    const namespace = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'tenant', annotations: { 'sluice.io/envoy-config-allow': 'code' } },
    };
    sluice.write({ 'namespace.json': [namespace] });
    await said(object, 'Accepted', { status: 'True', reason: 'Accepted' });
    const coded = await place(object, 'coded');
    expect((await request({ ...coded, path: '/' })).headers['x-lua']).toBe('yes');
  });
});

it('an object of 1.4 MiB is served', async () => {
  const pages = Array.from({ length: 7_500 }, (_, i) => ({
    match: { path: `/page/${i}/${'x'.repeat(100)}` },
    direct_response: { status: 200, body: { inline_string: `page ${i}` } },
  }));
  const large = config('large', {
    resources: [
      listener('large'),
      {
        '@type': 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
        name: 'large',
        virtual_hosts: [{ name: 'all', domains: ['*'], routes: pages }],
      },
    ],
  });
  expect(JSON.stringify(large).length).toBeGreaterThan(1.4 * 1024 * 1024);
  sluice.write({ 'large.json': [large] });
  await until(async () => (await statusOf('large')) !== undefined);
  const at = await place({ name: 'large' }, 'large');
  expect((await request({ ...at, path: pages[7_499]?.match.path ?? '' })).body).toBe('page 7499');
  expect((await sluice.cli('replay', '--verify')).code).toBe(0);
  sluice.write({ 'large.json': null });
  await until(async () => (await statusOf('large')) === undefined);
});

it('of two objects that want a Service the first by name has it, and the other says so', async () => {
  const service = serviceObjects({
    name: 'wanted',
    endpoints: [{ address: '127.0.0.1', port: backend('127.90.2.7').port }],
  });
  const spec = (text: string) => ({
    services: [{ name: 'wanted' }],
    resources: [listener('l'), table('l', text)],
  });
  sluice.write({ 'wanted.json': [...service, config('b-second', spec('b'))] });
  const at = await place({ name: 'b-second' }, 'default/wanted');
  expect((await request({ ...at, path: '/' })).body).toBe('b');
  sluice.write({ 'first.json': [config('a-first', spec('a'))] });
  const words = await said({ name: 'b-second' }, 'Conflicted', { status: 'True', reason: 'ServiceTaken' });
  expect(words).toContain('has CiliumEnvoyConfig default/a-first');
  expect(await place({ name: 'a-first' }, 'default/wanted')).toEqual(at);
  await until(async () => (await request({ ...at, path: '/' })).body === 'a');
  sluice.write({ 'first.json': null });
  await said({ name: 'b-second' }, 'Programmed', programmed);
  await until(async () => (await request({ ...at, path: '/' })).body === 'b');
});
