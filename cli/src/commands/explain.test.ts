import { createMemoryLog, type EventLog, type LogWriter } from '@sluice/event-log';
import { encodeEvent, type Fact, type IrEvent, streams } from '@sluice/events';
import type { IrHttpRoute, IrListener, IrResource } from '@sluice/ir';
import { IrIndex } from '@sluice/ir/explain';
import { parseObject } from '@sluice/kinds';
import { expect, test } from 'vitest';
import type { Moment } from '../model/find-moment.ts';
import { loadPastIr } from '../model/history.ts';
import { readRequestLine } from '../model/request-line.ts';
import { isUnsafe } from '../output/escape.ts';
import { parseAt } from './explain.ts';
import { explainEverywhere, trace } from './explain-action.ts';
import { explanationLines } from './explain-text.ts';

const listener: IrListener = {
  kind: 'listener',
  key: 'shop/edge/80',
  gateway: 'shop/edge',
  protocol: 'HTTP',
  addresses: ['127.80.0.1'],
  port: 80,
  bindPort: 10_080,
  servers: [{ name: 'web', hostname: '*.test', certificates: [] }],
};
const everything = { path: { type: 'prefix' as const, value: '/' }, headers: [], query: [] };

function route(name: string, path: string, hostnames = ['shop.test']): IrHttpRoute {
  return {
    kind: 'http-route',
    key: `shop/${name}`,
    source: { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop', name },
    generation: 1,
    createdAt: '',
    attachments: [{ listener: listener.key, server: 'web', hostnames }],
    rules: [
      {
        index: 0,
        matches: [{ ...everything, path: { type: 'prefix', value: path } }],
        action: {
          type: 'forward',
          backends: [
            { cluster: 'shop/a/80', weight: 3 },
            { cluster: null, weight: 1 },
          ],
        },
      },
    ],
  };
}

function fact(name: string, line: number): Fact {
  const parsed = parseObject({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace: 'shop' },
    spec: { parentRefs: [{ name: 'edge' }] },
  });
  if (!parsed.ok || parsed.object.kind !== 'HTTPRoute') throw new Error('the route of the test is not valid');
  return { type: 'ObjectChanged', object: parsed.object, origin: { file: 'shop.yaml', line, column: 1 } };
}

/** A log on which each step stands as a fact and as the revision that came of it. */
class History {
  readonly log: EventLog = createMemoryLog();
  #writers: { facts: LogWriter; ir: LogWriter } | undefined;

  async add(step: { readonly fact: Fact; readonly put: readonly IrResource[] }): Promise<number> {
    const { facts, ir } = await this.#open();
    const { lastSeq: seq } = await facts.append([encodeEvent(step.fact)]);
    const revision = { epoch: 1, seq };
    const events = step.put.map((resource): IrEvent => ({ type: 'ResourcePut', revision, resource }));
    const closing = { translator: '1', changes: events.length, stateHash: '' };
    await ir.transact(
      events.map((event) => encodeEvent(event)),
      encodeEvent({ type: 'RevisionCommitted', revision, ...closing }),
    );
    return seq;
  }

  async #open() {
    if (this.#writers !== undefined) return this.#writers;
    await this.log.ensureStream(streams.FACTS);
    await this.log.ensureStream(streams.IR);
    const facts = await this.log.openWriter('FACTS', 'source');
    this.#writers = { facts, ir: await this.log.openWriter('IR', 'translator') };
    return this.#writers;
  }
}

async function explain(
  log: EventLog,
  of: { url: string; header?: string[]; at?: Moment },
): Promise<string[]> {
  const ir = await loadPastIr(log, of.at);
  const request = readRequestLine({ method: 'GET', url: of.url, header: of.header ?? [] });
  const explanations = explainEverywhere(new IrIndex(ir.resources), request).map((found) => trace(found, ir));
  const lines = explanationLines({ revision: ir.revision, request, explanations });
  return lines.map((line) => line.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, 'TIME'));
}

async function twoSteps() {
  const history = new History();
  const first = await history.add({ fact: fact('all', 1), put: [listener, route('all', '/')] });
  const second = await history.add({
    fact: fact('cart', 9),
    put: [route('cart', '/cart'), route('wide', '/', ['*.test'])],
  });
  return { history, first, second };
}

test('tells the route, the events behind it, and why the others do not take the request', async () => {
  const { history, second } = await twoSteps();
  const url = 'http://127.80.0.1:10080/cart//x?q';
  expect(await explain(history.log, { url, header: ['Host: shop.test'] })).toEqual([
    'request   GET /cart//x?q, Host shop.test',
    `as of     revision 1-${second}`,
    '',
    'gateway          shop/edge',
    'listens on       127.80.0.1 port 80 (bound to 10080), HTTP',
    'listener         web for *.test',
    'hostname         shop.test',
    'path             /cart/x',
    'route            HTTPRoute/shop/cart, rule 0, id shop/cart/0/0',
    'by               path prefix /cart',
    'sent on as       /cart/x?q',
    'backend          75 % shop/a/80, Host shop.test, answered 503',
    'backend          25 % an invalid reference, Host shop.test, answered 500',
    `put there by     ObjectChanged, FACTS ${second}, TIME, shop.yaml:9:1`,
    `in force since   revision 1-${second}, TIME`,
    'not asked        shop/wide: *.test is less specific',
    '',
    'NOT TAKEN      MATCH           WHY',
    'shop/all/0/0   path prefix /   matches too, but the winner goes before it by path length',
  ]);
});

test('tells it as it was at a sequence, a revision or a time', async () => {
  const { history, first, second } = await twoSteps();
  const url = 'http://shop.test/cart';
  for (const at of [`${first}`, `1-${first}`, `${second - 1}`]) {
    const lines = await explain(history.log, { url, at: parseAt(at) });
    expect(lines).toContain(`as of     revision 1-${first}`);
    expect(lines).toContain('route            HTTPRoute/shop/all, rule 0, id shop/all/0/0');
  }
  const later = await explain(history.log, { url, at: { type: 'time', timeMs: Date.now() + 60_000 } });
  expect(later).toContain(`as of     revision 1-${second}`);
  await expect(explain(history.log, { url, at: parseAt('2020-01-01T00:00:00Z') })).rejects.toThrow(
    'at that moment',
  );
});

test('says in words why nobody takes a request', async () => {
  const { history } = await twoSteps();
  expect((await explain(history.log, { url: 'http://shop.example/' })).slice(-2)).toEqual([
    'answer       404',
    'because      no hostname of the Gateway covers shop.example',
  ]);
  expect((await explain(history.log, { url: 'http://shop.test:81/' })).slice(-2)).toEqual([
    'answer    none: the connection is refused',
    'because   nothing listens on port 81',
  ]);
});

test('a route that an Envoy refuses says so', async () => {
  const history = new History();
  await history.add({ fact: fact('all', 1), put: [listener, route('all', '/')] });
  const source = route('all', '/').source;
  const rejected: Fact = {
    type: 'ResourceRejected',
    node: 'envoy-1',
    typeUrl: 't',
    resource: 'shop/edge/80|shop.test',
    sources: [source],
    message: 'bad regex',
    revision: { epoch: 1, seq: 1 },
  };
  await history.add({ fact: rejected, put: [] });
  const lines = await explain(history.log, { url: 'http://shop.test/' });
  expect(lines).toContain('but refused      by Envoy envoy-1, which keeps the version before: bad regex');
});

test('of gRPC the statuses are told as its clients see them', async () => {
  const history = new History();
  const plain = route('orders', '/');
  const grpc: IrHttpRoute = {
    ...plain,
    key: 'grpc:shop/orders',
    source: { ...plain.source, kind: 'GRPCRoute' },
    rules: plain.rules.map((each) => ({
      ...each,
      matches: [{ ...everything, path: { type: 'exact', value: '/shop.v1.Orders/Get' } }],
    })),
  };
  await history.add({ fact: fact('orders', 1), put: [listener, grpc] });
  const taken = await explain(history.log, { url: 'http://shop.test/shop.v1.Orders/Get' });
  expect(taken.find((line) => line.includes('shop/a/80'))).toContain(
    'answered 503, to a gRPC client UNAVAILABLE',
  );
  const other = await explain(history.log, { url: 'http://shop.test/shop.v1.Orders/List' });
  expect(other.find((line) => line.startsWith('answer'))).toMatch(/404, to a gRPC client UNIMPLEMENTED$/);
  const header = ['Content-Type: application/grpc+proto'];
  const nobody = await explain(history.log, { url: 'http://nobody.example/x', header });
  expect(nobody.find((line) => line.startsWith('answer'))).toMatch(/404, to a gRPC client UNIMPLEMENTED$/);
});

test('a name is asked of every Gateway on the port; those that are not for it are left out', () => {
  const other = (name: string, hostname: string): IrListener => ({
    ...listener,
    key: `${name}/80`,
    gateway: name,
    servers: [{ name: 'web', hostname, certificates: [] }],
  });
  const on = (key: string) => [{ listener: key, server: 'web', hostnames: ['shop.test'] }];
  const index = new IrIndex([
    other('a/one', '*'),
    other('b/two', 'other.test'),
    other('c/three', 'shop.test'),
    { ...route('one', '/'), attachments: on('a/one/80') },
    { ...route('three', '/only'), attachments: on('c/three/80') },
  ]);
  const gateways = (host: string) =>
    explainEverywhere(index, readRequestLine({ method: 'GET', url: `http://${host}/`, header: [] })).map(
      ({ listener }) => listener?.gateway,
    );
  expect(gateways('shop.test')).toEqual(['a/one', 'c/three']);
  expect(gateways('nobody.test')).toEqual(['a/one', 'b/two', 'c/three']);
});

test('control characters of names and requests do not reach the terminal', async () => {
  const history = new History();
  await history.add({ fact: fact('all', 1), put: [listener, route('a\u001b[2J', '/')] });
  for (const url of ['http://shop.test/', 'http://shop.test/\u009b2J'])
    expect((await explain(history.log, { url })).filter(isUnsafe)).toEqual([]);
});
