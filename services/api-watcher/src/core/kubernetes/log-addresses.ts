// Where the Pods of a Service are, without a Service being needed to get there.
import { canonicalIp } from '@sluice/ir';
import { type ApiObject, isRecord } from './api-object.ts';

/** A Service by the name under which DNS knows it. */
export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

/** The Service that a host names, as `nats.sluice-system.svc`; undefined for any other host. */
export function serviceOfHost(host: string): ServiceName | undefined {
  const [, name, namespace] = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.|$)/.exec(host) ?? [];
  return name === undefined || namespace === undefined ? undefined : { namespace, name };
}

/**
 * IP addresses that discovery/v1 EndpointSlices tell, sorted, each once: of those that take connections, where there are any, else of all,
 * since what is not ready yet may be so at the next attempt.
 */
export function endpointAddresses(slices: Iterable<ApiObject>): string[] {
  const all = [...slices].flatMap(({ endpoints }) =>
    Array.isArray(endpoints) ? endpoints.filter(isRecord) : [],
  );
  const ready = all.filter(({ conditions }) => !isRecord(conditions) || conditions.ready !== false);
  const told = ready.length > 0 ? ready : all;
  const addresses = told.flatMap(({ addresses: ips }) => (Array.isArray(ips) ? ips : []));
  const known = addresses.flatMap((ip) => (typeof ip === 'string' ? (canonicalIp(ip) ?? []) : []));
  return [...new Set(known)].sort();
}
