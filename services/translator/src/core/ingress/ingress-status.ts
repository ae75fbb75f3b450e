// Statuses of Ingresses and of their classes. What comes in: Ingresses, what is wrong with them, addresses, what Envoys have;
// what goes out: `loadBalancer` as Kubernetes has it, and conditions of our own, of which Kubernetes shows those to be acted on
// as Events. What a shared gateway waits for is told by its class, so that it is told once.
import type { FactOf } from '@sluice/events';
import type { Collection, Fetch, Graph } from '@sluice/incremental';
import { gatewayKey, type ObjectRef } from '@sluice/ir';
import { type AnnotationFault, type Ingress, readClassMode } from '@sluice/kinds';
import { condition, summarize, type TimelessCondition } from '../conditions.ts';
import type { EnvoyView } from '../envoy-view.ts';
import { programmedBy } from '../gateway-status.ts';
import { type RejectionTable, rejectionsOf } from '../rejection.ts';
import type { StatusOutput } from '../status.ts';
import { isAssigned } from './ingress-gateway.ts';
import type { IngressModel, OwnIngressClass } from './ingress-model.ts';
import type { IngressRules } from './ingress-rules.ts';
import { type IngressTls, tlsFaults } from './ingress-tls.ts';

interface Needs {
  readonly models: Collection<IngressModel>;
  readonly ingresses: Collection<Ingress>;
  readonly rules: Collection<IngressRules>;
  readonly tls: IngressTls;
  readonly certificates: Collection<FactOf<'CertificateObserved'>>;
  readonly addresses: Collection<FactOf<'AddressAssigned'>>;
  readonly envoys: Collection<EnvoyView>;
  readonly rejections: RejectionTable;
}

/** Statuses by Ingress. */
export function ingressStatuses(graph: Graph, needs: Needs): Collection<StatusOutput> {
  const tell = (model: IngressModel, key: string, fetch: Fetch): StatusOutput | undefined => {
    const { ref, uid, generation, settings, refusal } = model;
    const ingress = fetch(needs.ingresses, key);
    if (ingress === undefined) return undefined;
    if (refusal !== undefined)
      return { ref, uid, status: { loadBalancer: {}, conditions: [refused(refusal, generation)] } };
    const ingressOf = reachedAt(fetch(needs.addresses, model.holder));
    return {
      ref,
      uid,
      status: {
        loadBalancer: ingressOf.length === 0 ? {} : { ingress: ingressOf },
        conditions: [
          ...judged({ model, ingress }, needs, fetch),
          ...(settings.mode === 'shared'
            ? []
            : [programmed({ id: 'Ingress.Programmed', ref, generation }, needs, fetch)]),
        ],
      },
    };
  };
  return graph.map(needs.models, 'ingress statuses', tell, { keep: 'nothing' });
}

/** As LoadBalancerIngress of core/v1 has it. */
function reachedAt(assigned: FactOf<'AddressAssigned'> | undefined): { ip?: string; hostname?: string }[] {
  return [
    ...(assigned?.addresses ?? []).toSorted().map((ip) => ({ ip })),
    ...(assigned?.hostnames ?? []).map((hostname) => ({ hostname })),
  ];
}

function refused(
  { reason, message }: NonNullable<IngressModel['refusal']>,
  generation: number,
): TimelessCondition {
  return reason === 'Pending'
    ? condition('Ingress.Accepted', generation, { status: 'Unknown', reason, message })
    : condition('Ingress.Accepted', generation, { status: 'False', reason, message });
}

function judged(
  { model, ingress }: { model: IngressModel; ingress: Ingress },
  needs: Needs,
  fetch: Fetch,
): TimelessCondition[] {
  const { generation, settings, key, ref } = model;
  const rules = fetch(needs.rules, key);
  const tls = tlsFaults({ model, ingress }, needs, fetch);
  const unresolved = [...(rules?.refFaults ?? []), ...tls.certificates];
  const dropped = rules?.dropped ?? [];
  const partly = [
    ...settings.faults.map(annotationText),
    ...dropped,
    ...tls.conflicts,
    ...rejectionsOf(needs.rejections, ref, fetch),
  ];
  const nothing = rules !== undefined && rules.fallback === undefined && isEmpty(rules) && dropped.length > 0;
  return [
    nothing
      ? condition('Ingress.Accepted', generation, {
          status: 'False',
          reason: 'UnsupportedValue',
          message: `no rule can be served: ${summarize(dropped)}`,
        })
      : condition('Ingress.Accepted', generation, {
          status: 'True',
          reason: 'Accepted',
          message: 'the Ingress is served',
        }),
    resolvedRefs(unresolved, generation),
    ...(partly.length === 0
      ? []
      : [
          condition('Ingress.PartiallyInvalid', generation, {
            status: 'True',
            reason: settings.faults.length > 0 ? 'InvalidAnnotation' : 'UnsupportedValue',
            message: summarize(partly),
          }),
        ]),
  ];
}

function isEmpty({ hosts, passthrough }: IngressRules): boolean {
  return passthrough.length === 0 && hosts.every(({ rules }) => rules.length === 0);
}

function annotationText({ annotation, message, hint }: AnnotationFault): string {
  return `annotation ${annotation}: ${message} (${hint})`;
}

type Unresolved = Parameters<typeof condition<'Ingress.ResolvedRefs', 'False'>>[2];

function resolvedRefs(
  faults: readonly Pick<Unresolved, 'reason' | 'message'>[],
  generation: number,
): TimelessCondition {
  const [first] = faults;
  if (first === undefined)
    return condition('Ingress.ResolvedRefs', generation, {
      status: 'True',
      reason: 'ResolvedRefs',
      message: 'all references are resolved',
    });
  const message = summarize(faults.map((fault) => fault.message));
  return condition('Ingress.ResolvedRefs', generation, { status: 'False', reason: first.reason, message });
}

/** What an Ingress with a gateway of its own, or a class, says of Programmed. */
function programmed(
  of: { id: 'Ingress.Programmed' | 'IngressClass.Programmed'; ref: ObjectRef; generation: number },
  needs: Pick<Needs, 'addresses' | 'envoys' | 'rejections'>,
  fetch: Fetch,
): TimelessCondition {
  const { id, ref, generation } = of;
  const key = gatewayKey(ref);
  const assigned = fetch(needs.addresses, key);
  const refusals = rejectionsOf(needs.rejections, ref, fetch);
  const no = (
    reason: 'AddressNotUsable' | 'AddressNotAssigned' | 'Invalid' | 'Pending',
    message: string,
  ): TimelessCondition => condition(id, generation, { status: 'False', reason, message });
  if (assigned !== undefined && assigned.unusable.length > 0)
    return no('AddressNotUsable', summarize(assigned.unusable.map(({ reason }) => reason)));
  if (assigned === undefined || !isAssigned(assigned))
    return no('AddressNotAssigned', 'no address is assigned yet');
  if (refusals.length > 0)
    return no('Invalid', `${summarize(refusals)}; the last version that was taken stays in force`);
  const said = programmedBy(fetch(needs.envoys, key) ?? { connected: 0, waiting: [], silent: [] });
  return said.status === 'True' ? condition(id, generation, said) : no(said.reason, said.message);
}

/** Statuses of our classes; Programmed is that of the gateway that Ingresses share, where some do. */
export function ingressClassStatuses(
  graph: Graph,
  needs: Pick<Needs, 'addresses' | 'envoys' | 'rejections'> & {
    classes: Collection<OwnIngressClass>;
    holders: Collection<unknown>;
  },
): Collection<StatusOutput> {
  return graph.map(needs.classes, 'ingress class statuses', (own, key, fetch) => {
    const { ref, uid, generation, fault } = own;
    const { faults } = readClassMode(own.annotations);
    const accepted =
      fault === ''
        ? condition('IngressClass.Accepted', generation, {
            status: 'True',
            reason: 'Accepted',
            message: `${own.controller} serves Ingresses of this class`,
          })
        : condition('IngressClass.Accepted', generation, {
            status: 'False',
            reason: 'InvalidParameters',
            message: fault,
          });
    const partly = faults.map((each) =>
      condition('IngressClass.PartiallyInvalid', generation, {
        status: 'True',
        reason: 'InvalidAnnotation',
        message: annotationText(each),
      }),
    );
    const isShared = fault === '' && fetch(needs.holders, key) !== undefined;
    const addresses = isShared ? (fetch(needs.addresses, gatewayKey(ref))?.addresses ?? []) : [];
    return {
      ref,
      uid,
      status: {
        ...(isShared ? { addresses: addresses.map((value) => ({ type: 'IPAddress', value })) } : {}),
        conditions: [
          accepted,
          ...partly,
          ...(isShared ? [programmed({ id: 'IngressClass.Programmed', ref, generation }, needs, fetch)] : []),
        ],
      },
    };
  });
}
