// Which route of a raw listener takes a request, and why: Envoy's own rules over the resources of CiliumEnvoyConfigs, as far
// as a request shows what they ask for. Where it does not, that is said.
import type { IrRawResource } from '@sluice/ir';
import type { ExplainRequest } from '@sluice/ir/explain';
import { isObject, type JsonObject } from '../json.ts';
import { isTrue, messageIn, messagesIn, optionalIn, shortType, textIn } from './fields.ts';
import { chooseChain, endsTls, type FilterChain, type RawConnection, socketsOf } from './filter-chain.ts';
import type { RawExplanation, RawName, RawOutcome } from './raw-explanation.ts';
import { type RawRequest, routeHolds } from './route-holds.ts';
import { outcomeOf, type RawWorld, targetsOf } from './route-outcome.ts';
import { chooseHost } from './virtual-host.ts';

/** Raw resources at a moment. */
export class RawIndex implements RawWorld {
  readonly #resources: ReadonlyMap<string, IrRawResource>;
  readonly #endpointsOf: (service: string) => readonly string[];

  /** @param endpointsOf as `IrIndex.endpointsOfService` */
  constructor(
    resources: Iterable<{ readonly kind: string }>,
    endpointsOf: (service: string) => readonly string[],
  ) {
    const raw = [...resources].filter(
      (resource): resource is IrRawResource => resource.kind === 'raw-resource',
    );
    this.#resources = new Map(raw.map((resource) => [`${resource.type} ${resource.name}`, resource]));
    this.#endpointsOf = endpointsOf;
  }

  find(type: IrRawResource['type'], name: string): IrRawResource | undefined {
    return this.#resources.get(`${type} ${name}`);
  }

  endpointsOf(service: string): readonly string[] {
    return this.#endpointsOf(service);
  }

  /** Listeners that a connection can reach: at its port, or where low ports are moved, at 10000 above it. */
  listenersFor({ address, port }: Pick<ExplainRequest, 'address' | 'port'>): readonly IrRawResource[] {
    const all = [...this.#resources.values()].filter(({ type }) => type === 'listener');
    const at = (wanted: number): IrRawResource[] =>
      all.filter(({ message }) =>
        socketsOf(message as JsonObject).some(
          (socket) => socket.port === wanted && (address === undefined || covers(socket.address, address)),
        ),
      );
    const bound = at(port);
    return bound.length > 0 || port >= 1_024 ? bound : at(port + movedBy);
  }
}

/** How far low ports are moved where they may not be bound. */
const movedBy = 10_000;

function covers(bound: string, address: string): boolean {
  return bound === address || bound === '0.0.0.0' || bound === '::';
}

/** One explanation for each listener that the request can reach. */
export function explainRaw(index: RawIndex, request: ExplainRequest): RawExplanation[] {
  if (request.gateway !== undefined) return [];
  return index.listenersFor(request).map((listener) => {
    const message = listener.message as JsonObject;
    const sockets = socketsOf(message);
    const port = sockets.find((s) => s.port === request.port)?.port ?? sockets[0]?.port ?? request.port;
    return {
      listener: nameOf(listener),
      name: listener.name,
      addresses: sockets.map((s) => `${s.address.includes(':') ? `[${s.address}]` : s.address}:${s.port}`),
      ...atListener(index, message, { request, port }),
    };
  });
}

type FromListener = Omit<RawExplanation, 'listener' | 'name' | 'addresses'>;
type Ask = { readonly request: ExplainRequest; readonly port: number };

function stopped(outcome: RawOutcome, notes: readonly string[] = []): FromListener {
  return { candidates: [], notes, outcome };
}

function atListener(index: RawIndex, listener: JsonObject, { request, port }: Ask): FromListener {
  const connection: RawConnection = { port, ...(request.tls === undefined ? {} : { tls: request.tls }) };
  const found = chooseChain(listener, connection);
  if (found.type === 'undecided') return stopped(found);
  if (found.type === 'none')
    return stopped({ type: 'refused', status: null, reason: 'no filter chain matches the connection' });
  const { chosen } = found;
  const notes = messagesIn(listener, 'listener_filters')
    .filter((filter) => shortType(messageIn(filter, 'typed_config')) === 'ProxyProtocol')
    .map(() => 'the listener awaits a PROXY header in front of the request');
  return { filterChain: chosen.name, ...atChain(index, chosen, { request, notes }) };
}

type InChain = { readonly request: ExplainRequest; readonly notes: readonly string[] };

function atChain(index: RawIndex, { chain }: FilterChain, { request, notes }: InChain): FromListener {
  const filters = messagesIn(chain, 'filters');
  const last = messageIn(filters.at(-1) ?? {}, 'typed_config');
  const all = [
    ...notes,
    ...filters.slice(0, -1).map((filter) => filterNote(filter, 'may end the connection before')),
  ];
  const type = shortType(last);
  if (type !== 'TcpProxy' && type !== 'HttpConnectionManager')
    return stopped(
      { type: 'undecided', reason: `the filter ${type || 'of the chain'} has the connection` },
      all,
    );
  const tls = endsTls(chain);
  if (tls === undefined)
    return stopped({ type: 'undecided', reason: 'the transport socket is not known' }, all);
  if (type === 'TcpProxy') {
    const targets = targetsOf(last, index);
    const hidden: RawOutcome = { type: 'undecided', reason: 'the cluster is chosen by other means' };
    return stopped(targets === undefined ? hidden : { type: 'pass', targets }, all);
  }
  if (tls !== (request.tls !== undefined)) {
    const reason = tls ? 'the listener speaks TLS' : 'the listener does not speak TLS';
    return stopped({ type: 'refused', status: null, reason }, all);
  }
  return atManager(index, last, { request, notes: all });
}

function filterNote(filter: JsonObject, what: string): string {
  return `filter ${textIn(filter, 'name')} (${shortType(messageIn(filter, 'typed_config'))}) ${what}`;
}

/** HTTP filters that neither answer nor change what routes are compared with. */
const plain: ReadonlySet<string> = new Set(['Router', 'UpstreamCodec', 'Buffer', 'SetMetadata']);

function atManager(index: RawIndex, manager: JsonObject, { request, notes }: InChain): FromListener {
  const filters = messagesIn(manager, 'http_filters').filter(
    (filter) => !plain.has(shortType(messageIn(filter, 'typed_config'))) && !isTrue(filter, 'disabled'),
  );
  const all = [
    ...notes,
    ...messagesIn(manager, 'early_header_mutation_extensions').map(
      ({ name }) => `${String(name)} may change headers before routes are compared`,
    ),
    ...filters.map((filter) => filterNote(filter, 'may answer, or change the request, before the router')),
  ];
  const given = givenTable(index, manager);
  if (given === undefined) {
    const reason = 'the routes come by scopes (scoped_routes), which are not followed';
    return stopped({ type: 'undecided', reason }, all);
  }
  const { table, routes } = given;
  if (table === undefined)
    return {
      routes,
      ...stopped({ type: 'refused', status: 404, reason: `there are no routes ${routes.name}` }, all),
    };
  const read = readRaw(manager, request);
  if (typeof read === 'string') return { routes, ...stopped({ type: 'undecided', reason: read }, all) };
  const strip = isTrue(manager, 'strip_any_host_port') || isTrue(manager, 'strip_matching_host_port');
  return { routes, path: read.path, ...atTable(index, { table, read, strip, notes: all }) };
}

interface GivenTable {
  readonly table: JsonObject | undefined;
  readonly routes: NonNullable<RawExplanation['routes']>;
}

function givenTable(index: RawIndex, manager: JsonObject): GivenTable | undefined {
  const inline = optionalIn(manager, 'route_config');
  if (inline !== undefined) return { table: inline, routes: { name: textIn(inline, 'name') } };
  const rds = optionalIn(manager, 'rds');
  if (rds === undefined) return undefined;
  const name = textIn(rds, 'route_config_name');
  const found = index.find('route', name);
  if (found === undefined) return { table: undefined, routes: { name } };
  return { table: found.message as JsonObject, routes: { name, resource: nameOf(found) } };
}

/** Settings that change a path with such characters before routes are compared. */
const pathSettings = ['normalize_path', 'merge_slashes', 'path_normalization_options'] as const;

/** The request as routes are compared with it; or why it cannot be said. */
function readRaw(manager: JsonObject, request: ExplainRequest): RawRequest | string {
  const at = request.path.indexOf('?');
  const path = at < 0 ? request.path : request.path.slice(0, at);
  const odd = !/^(\/(?!\.{1,2}(\/|$))[\w~.-]*)+$/.test(path) || path.includes('//');
  const escaped = manager.path_with_escaped_slashes_action ?? 'KEEP_UNCHANGED';
  const changes = pathSettings.some((field) => manager[field] !== undefined && manager[field] !== false);
  if (odd && (changes || (/%(2f|5c)/i.test(path) && escaped !== 'KEEP_UNCHANGED')))
    return 'settings of the listener change such a path before routes are compared: ask with the path they make of it';
  if (request.path.includes('#') || /[^!-~]/.test(request.path))
    return 'the path holds a character that no path may have';
  const headers = new Map<string, string[]>();
  for (const [given, value] of request.headers) {
    const name = given.toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), value.replace(/^[\t ]+|[\t ]+$/g, '')]);
  }
  const { method, host: authority, tls } = request;
  const query = at < 0 ? '' : request.path.slice(at);
  return { method, authority, scheme: tls === undefined ? 'http' : 'https', path, query, headers };
}

interface AtTable {
  readonly table: JsonObject;
  readonly read: RawRequest;
  readonly strip: boolean;
  readonly notes: readonly string[];
}

function atTable(index: RawIndex, { table, read, strip, notes }: AtTable): FromListener {
  const chosen = chooseHost(table, read.authority, strip);
  if (chosen === undefined)
    return stopped({ type: 'refused', status: 404, reason: `no domain covers ${read.authority}` }, notes);
  const virtualHost = { name: chosen.name, domain: chosen.domain };
  const needsTls = textIn(chosen.host, 'require_tls');
  if (needsTls === 'ALL' && read.scheme === 'http') {
    const location = `https://${read.authority}${read.path}${read.query}`;
    return { virtualHost, ...stopped({ type: 'redirect', status: 301, location }, notes) };
  }
  if (isObject(chosen.host.matcher))
    return { virtualHost, ...stopped({ type: 'undecided', reason: 'a matcher chooses the route' }, notes) };
  const external =
    needsTls === 'EXTERNAL_ONLY' && read.scheme === 'http'
      ? ['clients from outside are redirected to https']
      : [];
  return { virtualHost, ...judge(index, { host: chosen.host, read, notes: [...notes, ...external] }) };
}

function judge(
  index: RawIndex,
  {
    host,
    read,
    notes,
  }: { readonly host: JsonObject; readonly read: RawRequest; readonly notes: readonly string[] },
): FromListener {
  const candidates: RawExplanation['candidates'][number][] = [];
  for (const [i, route] of messagesIn(host, 'routes').entries()) {
    const name = textIn(route, 'name') || `routes[${i}]`;
    const judged = routeHolds(messageIn(route, 'match'), read);
    candidates.push({ name, ...judged });
    if (judged.holds !== 'yes') continue;
    return { candidates, route: name, notes, outcome: outcomeOf(route, read, index) };
  }
  const open = candidates.filter((each) => each.holds === 'perhaps').map((each) => each.name);
  if (open.length > 0) {
    const reason = `${open.join(', ')} may take it; if none does, the answer is 404`;
    return { candidates, notes, outcome: { type: 'undecided', reason } };
  }
  const reason = `none of the ${candidates.length} routes of ${textIn(host, 'name')} takes it`;
  return { candidates, notes, outcome: { type: 'refused', status: 404, reason } };
}

function nameOf({ key, source }: IrRawResource): RawName {
  return { key, source };
}
