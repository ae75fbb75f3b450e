// What the cluster holds of the infrastructure, read without a schema: only what is compared or passed on.
import { type ApiObject, isRecord } from '../kubernetes/api-object.ts';
import type { EnvoyPod } from './gateway-service.ts';

/** IP addresses that a load balancer gave to a Service: core/v1 LoadBalancerStatus. */
export function ingressOf(service: ApiObject | undefined): string[] {
  const status = isRecord(service?.status) ? service.status : {};
  const balancer = isRecord(status.loadBalancer) ? status.loadBalancer : {};
  const ingress = Array.isArray(balancer.ingress) ? balancer.ingress : [];
  return ingress.flatMap((entry) => (isRecord(entry) && typeof entry.ip === 'string' ? [entry.ip] : []));
}

/** A Pod as an Envoy that can be sent to; undefined while it has no address or no node, or has ended. */
export function envoyOf(pod: ApiObject): EnvoyPod | undefined {
  const status = isRecord(pod.status) ? pod.status : {};
  const spec = isRecord(pod.spec) ? pod.spec : {};
  const { podIP: ip, phase } = status;
  const { nodeName: node } = spec;
  if (typeof ip !== 'string' || ip === '' || typeof node !== 'string') return undefined;
  if (phase === 'Succeeded' || phase === 'Failed') return undefined;
  const conditions = Array.isArray(status.conditions) ? status.conditions : [];
  const ready = conditions.some((c) => isRecord(c) && c.type === 'Ready' && c.status === 'True');
  return { ip, node, ready, terminating: pod.metadata.deletionTimestamp !== undefined };
}

/** Whether all that is wanted is there: more fields and more entries of maps may be. Lists are compared as wholes. */
export function holds(there: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(there) &&
      there.length === wanted.length &&
      wanted.every((entry, index) => holds(there[index], entry))
    );
  if (isRecord(wanted))
    return isRecord(there) && Object.entries(wanted).every(([key, value]) => holds(there[key], value));
  return there === wanted;
}
