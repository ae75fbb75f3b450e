// Rows → HTTPRoutes. Rows of one Ingress with the same rules become one HTTPRoute, whose rules stand in the order in which
// they are tried; more than an HTTPRoute may hold go on in the next.
import { canonicalJson } from '@sluice/ir';
import type { IngressBackend, Service } from '@sluice/kinds';
import { type ListenerPlace, parentOf } from './gateway-of-group.ts';
import { type ConversionNote, type IngressGroup, type Member, noteOf } from './ingress-group.ts';
import type { PathRule } from './ingress-table.ts';
import { type Names, slug } from './names.ts';
import { moreLabels, type RouteRow } from './route-rows.ts';

/** What HTTPRoutes are made with. */
export interface RouteContext {
  readonly group: IngressGroup;
  readonly services: readonly Service[];
  readonly names: Names;
  readonly notes: ConversionNote[];
  /** By name of the listener. */
  readonly places: ReadonlyMap<string, ListenerPlace>;
}

/** Limits of an HTTPRoute (Gateway API v1.7.0). */
const maxRules = 16;
const maxMatches = 64;
const maxMatchesOfAll = 128;
const maxHostnames = 16;
const maxPath = 1024;

interface RouteShape {
  readonly member: Member;
  readonly action: RouteRow['action'];
  readonly host: string;
  readonly hostnames: readonly string[];
  readonly listeners: readonly string[];
  readonly rules: readonly PathRule[];
}

/** The HTTPRoutes of the rows. */
export function httpRoutes(rows: readonly RouteRow[], context: RouteContext): object[] {
  return shapesOf(rows).flatMap((shape) => {
    const rules = rulesOf(shape, context);
    return chunked(rules).map((chunk) => routeObject(shape, chunk, context));
  });
}

function shapesOf(rows: readonly RouteRow[]): RouteShape[] {
  const byHost = merge(
    rows.map((row) => ({ ...row, hostnames: [row.hostname], listeners: [row.listener] })),
    ({ hostnames, ...of }) => [hostnames, ...identity(of)],
    (a, b) => ({ ...a, listeners: [...new Set([...a.listeners, ...b.listeners])] }),
  );
  return merge(
    byHost,
    ({ listeners, hostnames, ...of }) => [
      listeners,
      of.host === '' && !hostnames.includes('*') ? '' : hostnames,
      ...identity(of),
    ],
    (a, b) => ({ ...a, hostnames: [...a.hostnames, ...b.hostnames] }),
  ).flatMap((shape) => sliced(shape.hostnames, maxHostnames).map((hostnames) => ({ ...shape, hostnames })));
}

function identity(of: Pick<RouteShape, 'member' | 'action' | 'host' | 'rules'>): unknown[] {
  const { namespace, name } = of.member.ingress.metadata;
  return [namespace, name, of.action, of.host, of.rules];
}

/** Joins what has the same key, in the order of the first of each. */
function merge<T>(items: readonly T[], keyOf: (item: T) => unknown, join: (a: T, b: T) => T): T[] {
  const found = new Map<string, T>();
  for (const item of items) {
    const key = canonicalJson(keyOf(item));
    const other = found.get(key);
    found.set(key, other === undefined ? item : join(other, item));
  }
  return [...found.values()];
}

function sliced<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

interface RuleObject {
  readonly matches: readonly object[];
  readonly rest: object;
}

function rulesOf(shape: RouteShape, context: RouteContext): RuleObject[] {
  const rules: RuleObject[] = [];
  for (const rule of shape.rules) {
    const match = matchOf(rule, shape, context);
    if (match === undefined) continue;
    const rest = shape.action === 'redirect' ? redirect(context.group) : forward(rule, shape.member, context);
    const last = rules.at(-1);
    if (
      last !== undefined &&
      last.matches.length < maxMatches &&
      canonicalJson(last.rest) === canonicalJson(rest)
    )
      rules[rules.length - 1] = { matches: [...last.matches, match], rest };
    else rules.push({ matches: [match], rest });
  }
  return rules;
}

function matchOf(rule: PathRule, { host, member }: RouteShape, { notes }: RouteContext): object | undefined {
  const path = writable(rule);
  if (path.value.length > maxPath) {
    notes.push(
      noteOf(
        member,
        `${rule.at}.path`,
        `is longer than the ${maxPath} characters that an HTTPRoute takes: left out`,
      ),
    );
    return undefined;
  }
  if (path.type !== rule.type)
    notes.push(
      noteOf(
        member,
        `${rule.at}.path`,
        'holds characters that an HTTPRoute takes in expressions only: written as one, which may go before other paths',
      ),
    );
  return {
    path,
    ...(host === '' ? {} : { headers: [{ type: 'RegularExpression', name: 'Host', value: host }] }),
  };
}

/** A path as an HTTPRoute takes it. */
function writable({ type, value }: PathRule): { type: PathRule['type']; value: string } {
  const isPlain = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$/.test(value);
  if (type === 'RegularExpression' || isPlain) return { type, value };
  const quoted = value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return { type: 'RegularExpression', value: type === 'Exact' ? quoted : `${quoted}(/.*)?` };
}

function redirect({ httpPort }: IngressGroup): object {
  const port = httpPort === 80 ? {} : { port: 443 };
  return {
    filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', ...port, statusCode: 301 } }],
  };
}

function forward(rule: PathRule, member: Member, context: RouteContext): object {
  const { requestTimeoutMs } = member.settings;
  return {
    ...(requestTimeoutMs === undefined ? {} : { timeouts: { request: durationText(requestTimeoutMs) } }),
    backendRefs: backendRefs(rule, member, context),
  };
}

/** A backend; none where its port cannot be told: an HTTPRoute answers 500 then, as the Ingress does. */
export function backendRefs(
  { backend, at }: Pick<PathRule, 'backend' | 'at'>,
  member: Member,
  context: Pick<RouteContext, 'services' | 'notes'>,
): object[] {
  const { service, resource } = backend;
  if (service === undefined) {
    if (resource === undefined) return [];
    context.notes.push(
      noteOf(member, at, `its backend is a ${resource.kind}: answered 500, as with the Ingress`),
    );
    return [{ group: resource.apiGroup, kind: resource.kind, name: resource.name }];
  }
  const port = service.port.number ?? portNamed({ ...service, member }, context.services);
  if (port !== undefined) return [{ name: service.name, port }];
  const words = `port ${service.port.name ?? ''} of Service ${service.name} is a name, and an HTTPRoute takes numbers`;
  context.notes.push(
    noteOf(member, at, `${words}: give the Service to this command too; without it, answered 500`),
  );
  return [];
}

function portNamed(
  of: {
    readonly name: string;
    readonly port: NonNullable<IngressBackend['service']>['port'];
    readonly member: Member;
  },
  services: readonly Service[],
): number | undefined {
  const { namespace } = of.member.ingress.metadata;
  const found = services.find(
    ({ metadata }) => metadata.namespace === namespace && metadata.name === of.name,
  );
  return found?.spec.ports.find(({ name, protocol }) => protocol === 'TCP' && name === of.port.name)?.port;
}

/** A duration of GEP-2257: at most five digits for each unit. */
function durationText(ms: number): string {
  const parts = [
    [Math.floor(ms / 3_600_000), 'h'],
    [Math.floor((ms % 3_600_000) / 60_000), 'm'],
    [Math.floor((ms % 60_000) / 1000), 's'],
    [ms % 1000, 'ms'],
  ] as const;
  const text = parts.map(([count, unit]) => (count === 0 ? '' : `${count}${unit}`)).join('');
  return text === '' ? '0s' : text;
}

/** As many rules as one HTTPRoute may hold. */
function chunked(rules: readonly RuleObject[]): RuleObject[][] {
  const chunks: RuleObject[][] = [];
  let matches = 0;
  for (const rule of rules) {
    const last = chunks.at(-1);
    matches += rule.matches.length;
    if (last === undefined || last.length === maxRules || matches > maxMatchesOfAll) {
      chunks.push([rule]);
      matches = rule.matches.length;
    } else last.push(rule);
  }
  return chunks;
}

function routeObject(
  shape: RouteShape,
  rules: readonly RuleObject[],
  { group, names, places }: RouteContext,
): object {
  const { namespace, name } = shape.member.ingress.metadata;
  const isAny = shape.hostnames.includes('*');
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: names.take(namespace, nameOf(name, shape)), namespace },
    spec: {
      parentRefs: shape.listeners.map((listener) => parentOf({ group, places }, listener, namespace)),
      ...(isAny ? {} : { hostnames: shape.hostnames }),
      rules: rules.map(({ matches, rest }) => ({ matches, ...rest })),
    },
  };
}

function nameOf(ingress: string, { hostnames, host, action }: RouteShape): string {
  const [first = '*'] = hostnames;
  const parts = [
    ingress,
    ...(first === '*' ? [] : [slug(first)]),
    ...(host.startsWith(moreLabels) ? ['deeper'] : []),
    ...(action === 'redirect' ? ['redirect'] : []),
  ];
  return parts.join('-');
}
