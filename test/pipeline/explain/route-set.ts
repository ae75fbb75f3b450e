import {
  type IrAttachment,
  type IrCors,
  type IrHeaderEdit,
  type IrHttpAction,
  type IrHttpMatch,
  type IrHttpRoute,
  type IrHttpRule,
  type IrListener,
  type IrPathMatch,
  type IrPathRewrite,
  type IrResource,
  type IrRetry,
  irHttpRouteSchema,
} from '@sluice/ir';
import fc from 'fast-check';

/** Clusters that routes refer to; the last has no endpoints. */
export const clusterNames = ['one', 'two', 'three', 'empty'] as const;

/** The key of a cluster. */
export function clusterKey(name: string): string {
  return `default/${name}/80`;
}

/** Hostnames and values are few, so that routes overlap and tie all the time. */
const serverHostnames = ['*', '*.test', '*.a.test', 'a.test', 'b.a.test'];
const routeHostnames = [...serverHostnames, '*.b.a.test', 'c.b.a.test', 'x.test'];

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

const exactPath = pick('/', '/a', '/a/', '/a/b', '/A', '/b;x=y', '/a%20b', '/~');
const prefixPath = pick('/', '/', '/', '/a', '/a', '/b', '/a/b', '/a/b/c', '/A', '/a%20b');
const regexPath = pick('/a.*', '/[ab]', '/(a|b)/.*', '.*b', '/a/?', '/.{1,3}', '/a(/b)*', '(?i)/A/B');

const pathOf = {
  prefix: prefixPath.map((value): IrPathMatch => ({ type: 'prefix', value })),
  any: fc.oneof(
    { weight: 3, arbitrary: prefixPath.map((value): IrPathMatch => ({ type: 'prefix', value })) },
    { weight: 2, arbitrary: exactPath.map((value): IrPathMatch => ({ type: 'exact', value })) },
    { weight: 2, arbitrary: regexPath.map((value): IrPathMatch => ({ type: 'regex', value })) },
  ),
};

const stringMatch = fc.oneof(
  pick('1', '1', '1', '2', 'a%20b', '1,2').map((value) => ({ type: 'exact' as const, value })),
  pick('1|2', '[0-9]*', '.*', '.+,.+', '(?i)A').map((value) => ({ type: 'regex' as const, value })),
);

function named(...names: readonly string[]): fc.Arbitrary<IrHttpMatch['headers']> {
  const one = fc.record({ name: pick(...names), match: stringMatch });
  return fc.uniqueArray(one, { selector: ({ name }) => name, maxLength: 2 });
}

function matchOf(path: fc.Arbitrary<IrPathMatch>): fc.Arbitrary<IrHttpMatch> {
  const parts = {
    path,
    method: pick('GET', 'POST', 'OPTIONS'),
    headers: fc.oneof(
      fc.constant<IrHttpMatch['headers']>([]),
      named('x-a', 'x-b', 'x-forwarded-proto', 'x-forwarded-host'),
    ),
    query: fc.oneof(fc.constant<IrHttpMatch['query']>([]), named('q', 'Q', 'r')),
  };
  return fc.oneof(fc.record(parts, { requiredKeys: ['path', 'headers', 'query'] }), alikeMatch);
}

/** Matches that differ in what precedence looks at last; the requests of `alikeRequest` meet them all. */
const alikeMatch: fc.Arbitrary<IrHttpMatch> = fc.record({
  path: pick('/', '/a').map((value): IrPathMatch => ({ type: 'prefix', value })),
  headers: ones('x-a', 'x-b'),
  query: ones('q', 'r'),
});

function ones(...names: readonly string[]): fc.Arbitrary<IrHttpMatch['headers']> {
  return fc
    .subarray([...names])
    .map((list) => list.map((name) => ({ name, match: { type: 'exact' as const, value: '1' } })));
}

/** Set, add and remove never share a name: the spec allows one action for each. */
function editOf(...names: readonly string[]): fc.Arbitrary<IrHeaderEdit> {
  const header = fc.record({
    op: pick('set', 'add', 'remove'),
    name: pick(...names),
    value: pick('e', '%e%', 'f g'),
  });
  return fc.uniqueArray(header, { selector: ({ name }) => name, minLength: 1, maxLength: 3 }).map((all) => ({
    set: all.filter(({ op }) => op === 'set').map(({ name, value }) => ({ name, value })),
    add: all.filter(({ op }) => op === 'add').map(({ name, value }) => ({ name, value })),
    remove: all.filter(({ op }) => op === 'remove').map(({ name }) => name),
  }));
}
const requestEdit = editOf('x-a', 'x-b', 'x-c', 'x-d');
const responseEdit = editOf('x-r', 'x-s', 'x-t');

const backend = fc.record(
  {
    cluster: fc.oneof(
      { weight: 6, arbitrary: pick('one', 'two', 'three').map((name): string | null => clusterKey(name)) },
      { weight: 1, arbitrary: pick<string | null>(clusterKey('empty'), null) },
    ),
    weight: pick(1, 1, 3),
    requestHeaders: requestEdit,
    responseHeaders: responseEdit,
  },
  { requiredKeys: ['cluster', 'weight'] },
);
/** No backend comes twice, so that the one that answers tells which edits apply. */
const backends = fc.uniqueArray(backend, { selector: ({ cluster }) => cluster, minLength: 1, maxLength: 2 });

function rewriteOf(prefix: boolean): fc.Arbitrary<IrPathRewrite> {
  const full = pick('/', '/full', '/full/', '/b\\1', '/%41').map((value) => ({
    type: 'full' as const,
    value,
  }));
  const part = pick('/', '/x', '/x/y', '/a').map((value) => ({ type: 'prefix' as const, value }));
  return prefix ? fc.oneof(full, part, part) : full;
}

function actionOf(prefix: boolean): fc.Arbitrary<IrHttpAction> {
  const forward = {
    type: fc.constant('forward' as const),
    backends,
    hostRewrite: pick('rewritten.test'),
    pathRewrite: rewriteOf(prefix),
    mirrors: fc.array(
      fc.record({ cluster: pick('one', 'empty').map(clusterKey), perMillion: pick(1, 1_000_000) }),
      { minLength: 1, maxLength: 2 },
    ),
    retry: fc.constant<IrRetry>({ codes: [500], attempts: 1 }),
  };
  const redirect = {
    type: fc.constant('redirect' as const),
    scheme: pick('http' as const, 'https' as const),
    hostname: pick('moved.test'),
    port: pick(80, 443, 8080),
    path: rewriteOf(prefix),
    statusCode: pick(301 as const, 302 as const, 303 as const, 307 as const, 308 as const),
  };
  const respond = { type: 'respond' as const, statusCode: 500, reason: 'no backend' };
  return fc.oneof(
    { weight: 5, arbitrary: fc.record(forward, { requiredKeys: ['type', 'backends'] }) },
    { weight: 3, arbitrary: fc.record(redirect, { requiredKeys: ['type', 'statusCode'] }) },
    { weight: 1, arbitrary: fc.constant(respond) },
  );
}

const cors: fc.Arbitrary<IrCors> = fc.record({
  allowOrigins: fc.uniqueArray(
    pick(
      { type: 'exact' as const, value: 'https://a.test' },
      { type: 'regex' as const, value: 'https://[a-z0-9.-]+\\.a\\.test' },
      { type: 'regex' as const, value: '.*' },
    ),
    { maxLength: 2 },
  ),
  allowCredentials: fc.boolean(),
  allowMethods: fc.constant(['PUT']),
  allowHeaders: fc.constant([]),
  exposeHeaders: fc.constant([]),
  maxAgeSeconds: fc.constant(5),
});

const rule = fc.boolean().chain((prefix) => {
  const parts = {
    matches: fc.array(matchOf(prefix ? pathOf.prefix : pathOf.any), { minLength: 1, maxLength: 3 }),
    requestHeaders: requestEdit,
    responseHeaders: responseEdit,
    action: actionOf(prefix),
    cors,
  };
  return fc.record(parts, { requiredKeys: ['matches', 'action'] });
});

interface RouteShape {
  readonly createdAt: string;
  readonly hostnames: readonly string[];
  readonly rules: readonly Omit<IrHttpRule, 'index'>[];
}

const route: fc.Arbitrary<RouteShape> = fc.record({
  createdAt: pick('', '', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
  hostnames: fc.uniqueArray(pick(...routeHostnames), { maxLength: 3 }),
  rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
});

/** The servers and routes of one Gateway. */
export interface RouteSet {
  readonly http: readonly string[];
  readonly https: readonly string[];
  readonly routes: readonly RouteShape[];
}

/** Random sets. */
export const routeSet: fc.Arbitrary<RouteSet> = fc.record({
  http: fc.uniqueArray(pick('*', ...serverHostnames), { minLength: 1, maxLength: 3 }),
  https: fc.uniqueArray(pick('*', ...serverHostnames), { minLength: 1, maxLength: 3 }),
  routes: fc.array(route, { minLength: 4, maxLength: 10, size: 'max' }),
});

/** Where the Gateway of a set listens. */
export interface Place {
  readonly name: string;
  readonly address: string;
  readonly httpPort: number;
  readonly httpsPort: number;
}

/** The listeners and routes of a set. */
export function irOf(set: RouteSet, place: Place): IrResource[] {
  const http = listenerOf(set.http, { place, protocol: 'HTTP' });
  const https = listenerOf(set.https, { place, protocol: 'HTTPS' });
  const routes = set.routes.map((shape, i) => routeOf(shape, `${place.name}/r${i}`, [http, https]));
  return [http, https, ...routes.filter(({ attachments }) => attachments.length > 0)];
}

function listenerOf(
  hostnames: readonly string[],
  { place, protocol }: { readonly place: Place; readonly protocol: IrListener['protocol'] },
): IrListener {
  const secure = protocol === 'HTTPS';
  return {
    kind: 'listener',
    key: `${place.name}/g/${secure ? 443 : 80}`,
    gateway: `${place.name}/g`,
    protocol,
    addresses: [place.address],
    port: secure ? 443 : 80,
    bindPort: secure ? place.httpsPort : place.httpPort,
    servers: hostnames.map((hostname, i) => ({
      name: `s${i}`,
      hostname,
      certificates: secure ? ['default/certificate'] : [],
    })),
  };
}

function routeOf(shape: RouteShape, key: string, listeners: readonly IrListener[]): IrHttpRoute {
  const [namespace = '', name = ''] = key.split('/');
  return irHttpRouteSchema.parse({
    kind: 'http-route',
    key,
    source: { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace, name },
    generation: 1,
    createdAt: shape.createdAt,
    attachments: listeners.flatMap((listener) =>
      listener.servers.flatMap(({ name: server, hostname }): IrAttachment[] => {
        const hostnames = intersections(hostname, shape.hostnames);
        return hostnames.length === 0 ? [] : [{ listener: listener.key, server, hostnames }];
      }),
    ),
    rules: shape.rules.map((each, index) => ({ index, ...each })),
  });
}

/** The hostnames of a route that a server takes, as the translator would attach them. */
function intersections(server: string, route: readonly string[]): string[] {
  const wanted = route.length === 0 ? ['*'] : route;
  const narrower = wanted.flatMap((hostname) =>
    within(hostname, server) ? [hostname] : within(server, hostname) ? [server] : [],
  );
  return [...new Set(narrower)].sort();
}

function within(inner: string, outer: string): boolean {
  if (outer === '*' || inner === outer) return true;
  return outer.startsWith('*.') && inner !== outer.slice(2) && inner.endsWith(outer.slice(1));
}
