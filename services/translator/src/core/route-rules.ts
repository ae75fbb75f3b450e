// Rules of a route. What comes in: an HTTPRoute or GRPCRoute, Services and grants; what goes out: rules of the IR in which only
// the port of redirects is open, and what is wrong with them. Gateway API v1.6.3 HTTPRouteRule, GRPCRouteRule.

import type { Collection, Fetch, Graph } from '@sluice/incremental';
import type { IrBackend, IrCors, IrHeaderEdit, IrHttpAction, IrHttpMatch, IrMirror } from '@sluice/ir';
import { durationMs } from '@sluice/kinds';
import { type BackendNeeds, type RouteOf, resolveBackend } from './backend.ts';
import { type Filters, type RedirectFilter, translateFilters } from './http-filter.ts';
import {
  type HttpKind,
  type MatchedRule,
  type RouteOverHttp,
  type RuleOverHttp,
  rulesOf,
  unreachableStatus,
} from './http-route-kind.ts';
import { resolveMirrors } from './mirror.ts';
import { translateRetry } from './retry.ts';
import type { RouteRefFault, RuleFault } from './route-fault.ts';

/** A rule, save for the port of a redirect. */
export interface RuleModel {
  readonly index: number;
  readonly name: string | undefined;
  readonly matches: readonly IrHttpMatch[];
  readonly requestHeaders: IrHeaderEdit | undefined;
  readonly responseHeaders: IrHeaderEdit | undefined;
  readonly cors: IrCors | undefined;
  readonly action: IrHttpAction | { readonly type: 'open redirect'; readonly filter: RedirectFilter };
}

/** A rule that cannot be served as written. */
export interface DroppedRule extends RuleFault {
  readonly index: number;
  readonly name: string | undefined;
  /** Its requests are answered 500 (gRPC: 503); false: its matches cannot be told apart, so other rules take them. */
  readonly answered: boolean;
}

/** All rules of a route. */
export interface RouteRules {
  readonly total: number;
  /** In order of index; dropped rules that are answered stand here too. */
  readonly rules: readonly RuleModel[];
  readonly dropped: readonly DroppedRule[];
  readonly refFaults: readonly RouteRefFault[];
}

/** Rules by route. */
export function routeRules(
  graph: Graph,
  of: BackendNeeds & { kind: HttpKind; routes: Collection<RouteOverHttp> },
): Collection<RouteRules> {
  const { kind } = of;
  const transform = (route: RouteOverHttp, _key: string, fetch: Fetch): RouteRules => {
    const rules: RuleModel[] = [];
    const dropped: DroppedRule[] = [];
    const refFaults: RouteRefFault[] = [];
    rulesOf(route).forEach((rule, index) => {
      const at = { index, route: { kind, namespace: route.metadata.namespace } };
      const outcome = translateRule({ ...rule, ...at }, of, fetch);
      refFaults.push(...outcome.refFaults);
      if (outcome.model !== undefined) rules.push(outcome.model);
      if (outcome.dropped !== undefined) dropped.push(outcome.dropped);
    });
    return { total: route.spec.rules.length, rules, dropped, refFaults };
  };
  return graph.map(of.routes, `rules of ${kind}s`, transform, { keep: 'nothing' });
}

interface RuleOutcome {
  readonly model: RuleModel | undefined;
  readonly dropped: DroppedRule | undefined;
  readonly refFaults: readonly RouteRefFault[];
}

function translateRule(
  { rule, matches, index, route }: MatchedRule & { index: number; route: RouteOf },
  needs: BackendNeeds,
  fetch: Fetch,
): RuleOutcome {
  const at = `rules[${index}]`;
  const { name } = rule;
  const filters = translateFilters(rule.filters, 'rule', `${at}.filters`);
  const { backends, faults: backendFaults, refFaults } = translateBackends({ rule, at, route }, needs, fetch);
  const mirrored = resolveMirrors({ mirrors: filters.mirrors, route }, needs, fetch);
  const faults = [...filters.faults, ...backendFaults, ...unsupportedFields({ rule, matches }, filters, at)];
  const allRefFaults = [...filters.refFaults, ...mirrored.refFaults, ...refFaults];
  if (!matches.ok) {
    const message = matches.faults.map((fault) => `${at}.${fault}`).join('; ');
    return {
      model: undefined,
      dropped: { index, name, reason: 'UnsupportedValue', message, answered: false },
      refFaults: allRefFaults,
    };
  }
  const base = { index, name, matches: matches.matches };
  const [first] = faults;
  if (first !== undefined) {
    const message = faults.map((fault) => fault.message).join('; ');
    const statusCode = unreachableStatus[route.kind];
    const action: IrHttpAction = { type: 'respond', statusCode, reason: 'unsupported' };
    return {
      model: { ...base, requestHeaders: undefined, responseHeaders: undefined, cors: undefined, action },
      dropped: { index, name, reason: first.reason, message, answered: true },
      refFaults: allRefFaults,
    };
  }
  const { requestHeaders, responseHeaders, cors } = filters;
  const action = actionOf({ rule, kind: route.kind }, filters, { backends, mirrors: mirrored.mirrors });
  return {
    model: { ...base, requestHeaders, responseHeaders, cors, action },
    dropped: undefined,
    refFaults: allRefFaults,
  };
}

function unsupportedFields({ rule, matches }: MatchedRule, filters: Filters, at: string): RuleFault[] {
  const faults: RuleFault[] = [];
  const unsupported = (message: string): void => void faults.push({ reason: 'UnsupportedValue', message });
  if (rule.sessionPersistence !== undefined) unsupported(`${at}.sessionPersistence is not supported`);
  if (filters.redirect !== undefined && rule.backendRefs.length > 0)
    faults.push({
      reason: 'IncompatibleFilters',
      message: `${at} holds both RequestRedirect and backendRefs`,
    });
  const rewrite = filters.pathRewrite ?? filters.redirect?.path;
  if (rewrite?.type === 'prefix' && matches.ok && matches.matches.some(({ path }) => path.type !== 'prefix'))
    unsupported(`${at}: ReplacePrefixMatch needs matches of type PathPrefix`);
  return faults;
}

function translateBackends(
  { rule, at, route }: { rule: RuleOverHttp; at: string; route: RouteOf },
  needs: BackendNeeds,
  fetch: Fetch,
): { backends: IrBackend[]; faults: RuleFault[]; refFaults: RouteRefFault[] } {
  const backends: IrBackend[] = [];
  const faults: RuleFault[] = [];
  const refFaults: RouteRefFault[] = [];
  rule.backendRefs.forEach((ref, i) => {
    const where = `${at}.backendRefs[${i}]`;
    const resolved = resolveBackend({ ref, ...route }, needs, fetch);
    if ('fault' in resolved)
      refFaults.push({ reason: resolved.fault.reason, message: `${where}: ${resolved.fault.message}` });
    const filters = translateFilters(ref.filters, 'backend', `${where}.filters`);
    faults.push(...filters.faults);
    refFaults.push(...filters.refFaults);
    if (ref.weight === 0) return;
    backends.push({
      cluster: 'cluster' in resolved ? resolved.cluster : null,
      weight: ref.weight,
      ...(filters.requestHeaders === undefined ? {} : { requestHeaders: filters.requestHeaders }),
      ...(filters.responseHeaders === undefined ? {} : { responseHeaders: filters.responseHeaders }),
    });
  });
  return { backends, faults, refFaults };
}

function actionOf(
  { rule, kind }: { rule: RuleOverHttp; kind: HttpKind },
  filters: Filters,
  { backends, mirrors }: { backends: IrBackend[]; mirrors: IrMirror[] },
): RuleModel['action'] {
  if (filters.redirect !== undefined) return { type: 'open redirect', filter: filters.redirect };
  const reason =
    rule.backendRefs.length === 0
      ? 'no backend'
      : backends.length === 0
        ? 'all weights are 0'
        : 'no valid backend';
  if (backends.every((backend) => backend.cluster === null))
    return { type: 'respond', statusCode: unreachableStatus[kind], reason };
  const { request, backendRequest } = rule.timeouts ?? {};
  return {
    type: 'forward',
    backends,
    ...(filters.hostRewrite === undefined ? {} : { hostRewrite: filters.hostRewrite }),
    ...(filters.pathRewrite === undefined ? {} : { pathRewrite: filters.pathRewrite }),
    ...(request === undefined ? {} : { requestTimeoutMs: durationMs(request) }),
    ...(backendRequest === undefined ? {} : { backendTimeoutMs: durationMs(backendRequest) }),
    ...(rule.retry === undefined ? {} : { retry: translateRetry(rule.retry) }),
    ...(mirrors.length === 0 ? {} : { mirrors }),
    ...(kind === 'GRPCRoute' ? grpcForward(backends) : {}),
  };
}

/** A call lasts as long as its client wants it to: streams have no end of their own. */
function grpcForward(
  backends: readonly IrBackend[],
): Pick<Extract<IrHttpAction, { type: 'forward' }>, 'requestTimeoutMs' | 'invalidBackendStatus'> {
  const invalid = backends.some(({ cluster }) => cluster === null);
  return { requestTimeoutMs: 0, ...(invalid ? { invalidBackendStatus: unreachableStatus.GRPCRoute } : {}) };
}
