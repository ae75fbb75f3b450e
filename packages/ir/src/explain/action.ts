// The action of the rule that won, applied to the request.
import type { IrBackend, IrHeaderEdit, IrHttpAction, IrHttpMatch, IrHttpRule } from '../http-route.ts';
import type { IrListener } from '../listener.ts';
import { preflight } from './cors.ts';
import type { ForwardTarget, Outcome } from './explanation.ts';
import { editHeaders } from './header-edit.ts';
import type { IrIndex } from './index-ir.ts';
import type { ReadRequest } from './request.ts';
import { locationOf, rewritePath } from './rewrite.ts';

type Forward = Extract<IrHttpAction, { type: 'forward' }>;

/** What happens to a request that a match of a rule took. */
export function applyAction(
  ir: IrIndex,
  request: ReadRequest,
  of: { readonly rule: IrHttpRule; readonly match: IrHttpMatch; readonly listener: IrListener },
): Outcome {
  const { rule, match, listener } = of;
  const { action } = rule;
  const asked =
    rule.cors === undefined || action.type !== 'forward' ? undefined : preflight(rule.cors, request);
  if (asked !== undefined) return asked;
  const responseEdits = presentEdits(rule.responseHeaders);
  switch (action.type) {
    case 'redirect': {
      const location = locationOf(action, request, { path: match.path, listener });
      return { type: 'redirect', status: action.statusCode, location, responseEdits };
    }
    case 'respond':
      return { type: 'respond', status: action.statusCode, reason: action.reason, responseEdits };
    case 'forward': {
      const total = action.backends.reduce((sum, { weight }) => sum + weight, 0);
      return {
        type: 'forward',
        path: `${rewritePath(request.path, action.pathRewrite, match.path)}${request.query}`,
        targets: action.backends.map((backend) => ({
          ...targetOf(ir, request, { rule, action, backend }),
          share: backend.weight / total,
        })),
        mirrors: (action.mirrors ?? []).map(({ cluster, perMillion }) => ({
          cluster,
          share: perMillion / 1_000_000,
        })),
        ...(action.retry === undefined ? {} : { retry: action.retry }),
      };
    }
  }
}

function targetOf(
  ir: IrIndex,
  request: ReadRequest,
  of: { readonly rule: IrHttpRule; readonly action: Forward; readonly backend: IrBackend },
): Omit<ForwardTarget, 'share'> {
  const { rule, action, backend } = of;
  const endpoints = backend.cluster === null ? [] : ir.endpointsOf(backend.cluster);
  const status = backend.cluster === null ? (action.invalidBackendStatus ?? 500) : 503;
  return {
    cluster: backend.cluster,
    ...(endpoints.length === 0 ? { status } : {}),
    endpoints,
    host: action.hostRewrite ?? request.authority,
    headers: editHeaders(request.headers, [rule.requestHeaders, backend.requestHeaders]),
    responseEdits: presentEdits(rule.responseHeaders, backend.responseHeaders),
  };
}

function presentEdits(...edits: readonly (IrHeaderEdit | undefined)[]): IrHeaderEdit[] {
  return edits.filter((edit) => edit !== undefined);
}
