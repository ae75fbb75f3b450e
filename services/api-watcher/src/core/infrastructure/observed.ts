// What the cluster holds of the infrastructure, read without a schema: only what is compared or passed on.
import { type ApiObject, isRecord } from '../kubernetes/api-object.ts';
import type { EnvoyPod } from './gateway-service.ts';

/** What a load balancer gave to a Service: IP addresses and DNS names, in its order. */
export interface Ingress {
  readonly addresses: readonly string[];
  readonly hostnames: readonly string[];
}

/** A DNS name in lower case: RFC 1123 §2.1. */
const dnsName = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;

/** A Service without a load balancer is reached at its cluster IPs, and at its ports of the nodes. */
function clusterIps({ clusterIPs }: Readonly<Record<string, unknown>>): string[] {
  return Array.isArray(clusterIPs) ? clusterIPs.filter((ip) => typeof ip === 'string' && ip !== 'None') : [];
}

/** Reads core/v1 LoadBalancerStatus; what is neither an entry with `ip` nor one with a DNS name is passed over. */
export function ingressOf(service: ApiObject | undefined): Ingress {
  const spec = isRecord(service?.spec) ? service.spec : {};
  if (spec.type === 'NodePort') return { addresses: clusterIps(spec), hostnames: [] };
  const status = isRecord(service?.status) ? service.status : {};
  const balancer = isRecord(status.loadBalancer) ? status.loadBalancer : {};
  const ingress = Array.isArray(balancer.ingress) ? balancer.ingress : [];
  const entries = ingress.filter(isRecord);
  return {
    addresses: entries.flatMap(({ ip }) => (typeof ip === 'string' && ip !== '' ? [ip] : [])),
    hostnames: entries.flatMap(({ hostname }) =>
      typeof hostname === 'string' && dnsName.test(hostname) ? [hostname] : [],
    ),
  };
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
