// Statuses of BackendTLSPolicies. What comes in: policies, what they come to, and which Gateways send to which Services;
// what goes out: one entry for each Gateway that a policy works for. Gateway API v1.6.3 PolicyStatus.
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import { compareText, type IrHttpRoute } from '@sluice/ir';
import { type BackendTlsPolicy, gatewayGroup } from '@sluice/kinds';
import type { AttachmentTables } from './attachment-table.ts';
import { type BackendTlsModel, type BackendTlsTables, policyFor, targetKey } from './backend-tls.ts';
import { condition, summarize, type TimelessCondition } from './conditions.ts';
import { objectKey } from './keys.ts';
import { type RejectionTable, rejectionsOf } from './rejection.ts';
import { clustersOf } from './route-ir.ts';
import type { StatusOutput } from './status.ts';

/** The API takes no more. */
const maxAncestors = 16;

/** Statuses by policy; none where no Gateway of ours sends to its targets. */
export function backendTlsStatuses(
  graph: Graph,
  of: {
    policies: Collection<BackendTlsPolicy>;
    tables: BackendTlsTables;
    /** One collection for each kind of route. */
    routes: readonly Collection<IrHttpRoute>[];
    gateways: AttachmentTables['gateways'];
    rejections: RejectionTable;
  },
): Collection<StatusOutput> {
  const indexes = of.routes.map((routes) => {
    const used = graph.map(routes, 'gateway uses of routes', usesOf, { keep: 'shared' });
    const uses = graph.countBy(used, 'gateway uses', (pairs) => pairs);
    const pairs = graph.map(uses, 'used by gateways', () => true as const);
    return graph.indexBy(pairs, 'gateways by service', (_used, pair) => [pair.split('|')[0] ?? '']);
  });
  return graph.map(of.policies, 'policy statuses', (policy, key, fetch) => {
    const { namespace, name, uid, generation } = policy.metadata;
    const model = fetch(of.tables.models, key);
    if (model === undefined) return undefined;
    const services = new Set(policy.spec.targetRefs.map((ref) => objectKey(namespace, ref.name)));
    const used = [...services].flatMap((service) =>
      indexes.flatMap((byService) => fetch(byService, service)?.members() ?? []),
    );
    const gateways = [...new Set(used.map((pair) => pair.split('|')[1] ?? ''))].sort(compareText);
    const refused = [...services].flatMap((service) => {
      const [serviceNamespace = '', serviceName = ''] = service.split('/');
      const ref = { group: '', kind: 'Service', namespace: serviceNamespace, name: serviceName };
      return rejectionsOf(of.rejections, ref, fetch);
    });
    const conditions = conditionsOf({ policy, key, model, generation, refused }, of.tables, fetch);
    const ancestors = gateways.flatMap((gateway) => {
      const controllerName = fetch(of.gateways, gateway)?.controllerName;
      const [gatewayNamespace = '', gatewayName = ''] = gateway.split('/');
      if (controllerName === undefined) return [];
      const ancestorRef = {
        group: gatewayGroup,
        kind: 'Gateway',
        namespace: gatewayNamespace,
        name: gatewayName,
      };
      return [{ ancestorRef, controllerName, conditions }];
    });
    if (ancestors.length === 0) return undefined;
    const ref = { group: gatewayGroup, kind: 'BackendTLSPolicy', namespace, name };
    return { ref, uid, status: { ancestors: ancestors.slice(0, maxAncestors) } };
  });
}

/** `<namespace>/<service>|<namespace>/<gateway>` for each Service that a route sends to by way of a Gateway. */
function usesOf({ attachments, rules }: IrHttpRoute): string[] {
  const gateways = [...new Set(attachments.map(({ listener }) => firstTwo(listener)))];
  const services = [...new Set(rules.flatMap(({ action }) => clustersOf(action).map(firstTwo)))];
  return services.flatMap((service) => gateways.map((gateway) => `${service}|${gateway}`));
}

/** `<namespace>/<name>` of a key that goes on after it. */
function firstTwo(key: string): string {
  const end = key.indexOf('/', key.indexOf('/') + 1);
  return end < 0 ? key : key.slice(0, end);
}

interface Subject {
  readonly policy: BackendTlsPolicy;
  readonly key: string;
  readonly model: BackendTlsModel;
  readonly generation: number;
  /** What Envoys refused of the Services, in words. */
  readonly refused: readonly string[];
}

function conditionsOf(subject: Subject, tables: BackendTlsTables, fetch: Fetch): TimelessCondition[] {
  const { model, generation } = subject;
  const [first] = model.refFaults;
  const resolved =
    first === undefined
      ? condition('BackendTLSPolicy.ResolvedRefs', generation, {
          status: 'True',
          reason: 'ResolvedRefs',
          message: 'all references are resolved',
        })
      : condition('BackendTLSPolicy.ResolvedRefs', generation, {
          status: 'False',
          reason: first.reason,
          message: summarize(model.refFaults.map(({ message }) => message)),
        });
  return [accepted(subject, tables, fetch), resolved];
}

function accepted(
  { policy, key, model, generation, refused }: Subject,
  tables: BackendTlsTables,
  fetch: Fetch,
): TimelessCondition {
  const conflicts = policy.spec.targetRefs.flatMap(({ name, sectionName }) => {
    const target = targetKey(objectKey(policy.metadata.namespace, name), sectionName ?? '');
    const holder = policyFor(target, tables, fetch);
    return holder === undefined || holder === key ? [] : [`Service ${name} has BackendTLSPolicy ${holder}`];
  });
  if (conflicts.length > 0)
    return condition('BackendTLSPolicy.Accepted', generation, {
      status: 'False',
      reason: 'Conflicted',
      message: `${summarize(conflicts)}, which goes first`,
    });
  if (model.refusal !== undefined)
    return condition('BackendTLSPolicy.Accepted', generation, {
      status: 'False',
      reason: model.refusal.reason,
      message: `${model.refusal.message}; requests are answered 503`,
    });
  if (refused.length > 0)
    return condition('BackendTLSPolicy.Accepted', generation, {
      status: 'False',
      reason: policy.spec.validation.caCertificateRefs.length === 0 ? 'NoValidCACertificate' : 'Invalid',
      message: `${summarize(refused)}; requests there are answered 503, nothing is sent in the clear`,
    });
  return condition('BackendTLSPolicy.Accepted', generation, {
    status: 'True',
    reason: 'Accepted',
    message: 'connections to the Service are made by this policy',
  });
}
