// An action of the IR → Envoy's forward, redirect or direct answer.
import { create } from '@bufbuild/protobuf';
import {
  DirectResponseActionSchema,
  type RedirectAction,
  RedirectAction_RedirectResponseCode,
  RedirectActionSchema,
  type Route,
  type RouteAction,
  RouteAction_ClusterNotFoundResponseCode,
  type RouteAction_RequestMirrorPolicy,
  RouteAction_RequestMirrorPolicySchema,
  RouteActionSchema,
  type WeightedCluster_ClusterWeight,
  WeightedCluster_ClusterWeightSchema,
  WeightedClusterSchema,
} from '@sluice/envoy-api/envoy/config/route/v3/route_components_pb.js';
import { FractionalPercent_DenominatorType } from '@sluice/envoy-api/envoy/type/v3/percent_pb.js';
import type { IrBackend, IrHttpAction, IrHttpMatch, IrHttpRule, IrListener, IrMirror } from '@sluice/ir';
import { headerOptions, hostEdit } from './header-edit.ts';
import { duration } from './messages.ts';
import { pathChange } from './path-rewrite.ts';
import { retryPolicy } from './retry-policy.ts';

type Forward = Extract<IrHttpAction, { type: 'forward' }>;
type Redirect = Extract<IrHttpAction, { type: 'redirect' }>;

/** Where a route stands: what a redirect needs to know of it. */
export interface RoutePlace {
  readonly scheme: 'http' | 'https';
  /** The hostname of the virtual host, which may be a wildcard. */
  readonly hostname: string;
  /** Port of the listener by the spec, and the one that clients reach it at. */
  readonly port: number;
  readonly bindPort: number;
}

/** The place of routes of a listener under a hostname. */
export function placeAt({ protocol, port, bindPort }: IrListener, hostname: string): RoutePlace {
  return { scheme: protocol === 'HTTPS' ? 'https' : 'http', hostname, port, bindPort };
}

/** Name of a cluster that never exists: the share of a backend whose reference is invalid is answered 500 or 503, and the access log names it. */
export const invalidBackendCluster = 'sluice-invalid-backend';
/** Gateway API leaves the default to the implementation; this is Envoy's. */
const defaultRequestTimeoutMs = 15_000;
const wellKnownPorts = { http: 80, https: 443 } as const;

const statusCodes = {
  301: RedirectAction_RedirectResponseCode.MOVED_PERMANENTLY,
  302: RedirectAction_RedirectResponseCode.FOUND,
  303: RedirectAction_RedirectResponseCode.SEE_OTHER,
  307: RedirectAction_RedirectResponseCode.TEMPORARY_REDIRECT,
  308: RedirectAction_RedirectResponseCode.PERMANENT_REDIRECT,
} as const;

/** The Envoy action of a rule for one of its matches. */
export function compileAction(rule: IrHttpRule, match: IrHttpMatch, place: RoutePlace): Route['action'] {
  const { action } = rule;
  switch (action.type) {
    case 'forward':
      return { case: 'route', value: forward(rule, action, match) };
    case 'redirect':
      return { case: 'redirect', value: redirect(action, match, place) };
    case 'respond':
      return {
        case: 'directResponse',
        value: create(DirectResponseActionSchema, {
          status: action.statusCode,
          body: { specifier: { case: 'inlineString', value: action.reason } },
        }),
      };
  }
}

/** The clusters that an action needs, each once. */
export function clustersOf(action: IrHttpAction): string[] {
  if (action.type !== 'forward') return [];
  return [
    ...new Set([...action.backends, ...(action.mirrors ?? [])].flatMap(({ cluster }) => cluster ?? [])),
  ];
}

/** True where each backend carries the header edits itself, so the route must not: Envoy would apply its own last. */
export function editsPerBackend(action: IrHttpAction): boolean {
  return (
    action.type === 'forward' &&
    action.backends.some(
      (backend) => backend.requestHeaders !== undefined || backend.responseHeaders !== undefined,
    )
  );
}

function forward(rule: IrHttpRule, action: Forward, match: IrHttpMatch): RouteAction {
  const message = create(RouteActionSchema, {
    timeout: duration(action.requestTimeoutMs ?? defaultRequestTimeoutMs),
    retryPolicy: retryPolicy(action),
    requestMirrorPolicies: (action.mirrors ?? []).map(mirrorPolicy),
    clusterSpecifier: clusterSpecifier(rule, action),
  });
  if (action.invalidBackendStatus === undefined && action.backends.some(({ cluster }) => cluster === null))
    message.clusterNotFoundResponseCode = RouteAction_ClusterNotFoundResponseCode.INTERNAL_SERVER_ERROR;
  const host = action.hostRewrite ?? hostEdit(rule.requestHeaders);
  if (host !== undefined) message.hostRewriteSpecifier = { case: 'hostRewriteLiteral', value: host };
  if (action.pathRewrite !== undefined) {
    const change = pathChange(action.pathRewrite, match.path);
    if (change.type === 'prefix') message.prefixRewrite = change.prefixRewrite;
    else message.regexRewrite = change.regexRewrite;
  }
  return message;
}

/** A copy of a part of the requests, under the Host that was sent. */
function mirrorPolicy({ cluster, perMillion }: IrMirror): RouteAction_RequestMirrorPolicy {
  return create(RouteAction_RequestMirrorPolicySchema, {
    cluster,
    runtimeFraction: {
      defaultValue: { numerator: perMillion, denominator: FractionalPercent_DenominatorType.MILLION },
    },
    disableShadowHostSuffixAppend: true,
  });
}

function clusterSpecifier(rule: IrHttpRule, action: Forward): RouteAction['clusterSpecifier'] {
  const [only] = action.backends;
  if (action.backends.length === 1 && only !== undefined && !editsPerBackend(action))
    return { case: 'cluster', value: only.cluster ?? invalidBackendCluster };
  const perBackend = editsPerBackend(action);
  const clusters = action.backends.map((backend) => weighted(backend, perBackend ? rule : undefined));
  return { case: 'weightedClusters', value: create(WeightedClusterSchema, { clusters }) };
}

/** One target; with the rule's header edits before its own where `rule` is given. */
function weighted(backend: IrBackend, rule: IrHttpRule | undefined): WeightedCluster_ClusterWeight {
  const message = create(WeightedCluster_ClusterWeightSchema, {
    name: backend.cluster ?? invalidBackendCluster,
    weight: backend.weight,
  });
  if (rule === undefined) return message;
  const request = headerOptions(rule.requestHeaders, backend.requestHeaders);
  const response = headerOptions(rule.responseHeaders, backend.responseHeaders);
  message.requestHeadersToAdd = request.add;
  message.requestHeadersToRemove = request.remove;
  message.responseHeadersToAdd = response.add;
  message.responseHeadersToRemove = response.remove;
  const host = hostEdit(backend.requestHeaders);
  if (host !== undefined) message.hostRewriteSpecifier = { case: 'hostRewriteLiteral', value: host };
  return message;
}

function redirect(action: Redirect, match: IrHttpMatch, place: RoutePlace): RedirectAction {
  const message = create(RedirectActionSchema, { responseCode: statusCodes[action.statusCode] });
  if (action.scheme !== undefined)
    message.schemeRewriteSpecifier = { case: 'schemeRedirect', value: action.scheme };
  if (action.hostname !== undefined) message.hostRedirect = action.hostname;
  redirectPort(message, action, place);
  if (action.path === undefined) return message;
  if (action.path.type === 'full') {
    message.pathRewriteSpecifier = { case: 'pathRedirect', value: action.path.value };
    return message;
  }
  const change = pathChange(action.path, match.path);
  message.pathRewriteSpecifier =
    change.type === 'prefix'
      ? { case: 'prefixRewrite', value: change.prefixRewrite }
      : { case: 'regexRewrite', value: change.regexRewrite };
  return message;
}

/**
 * A port that goes without saying is left out of the Location, as the spec asks. Envoy then keeps the port of the
 * request's Host, so the hostname is said as well where it is known; under a wildcard the port stays in.
 */
function redirectPort(message: RedirectAction, action: Redirect, place: RoutePlace): void {
  const port = action.port ?? listenerPort(action, place);
  if (port === undefined) return;
  if (port === wellKnownPorts[action.scheme ?? place.scheme]) {
    if (message.hostRedirect !== '') return;
    if (!place.hostname.startsWith('*')) {
      message.hostRedirect = place.hostname;
      return;
    }
  }
  message.portRedirect = port;
}

/**
 * Where neither scheme nor port is said and listeners of several ports share the rule, each answers with its own port (Gateway
 * API v1.7.0 HTTPRequestRedirectFilter.port). A well-known one is not written; where clients reach another port than that of the
 * spec, the one that they wrote stays.
 */
function listenerPort({ scheme }: Redirect, place: RoutePlace): number | undefined {
  const { port, bindPort } = place;
  return scheme !== undefined || port === wellKnownPorts[place.scheme] || port !== bindPort
    ? undefined
    : port;
}
