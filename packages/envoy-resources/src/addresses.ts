// Addresses that clusters send to. None but endpoints of Services, unless an operator allows it; and what belongs to Envoy's
// own machine needs a word more.
import ipaddr from 'ipaddr.js';
import { isObject, type Json } from './json.ts';
import type { Ban } from './permissions.ts';

const upstream: Ban = {
  needs: 'upstream-addresses',
  message: 'would send to an address that is no endpoint of a Service',
  hint: 'use type EDS, and name the Service under services or backendServices',
};
const host: Ban = { needs: 'host-upstreams', message: "would send to Envoy's own machine", hint: '' };

const cluster = 'envoy.config.cluster.v3.Cluster';
const ownTypes: ReadonlySet<unknown> = new Set([
  'STATIC',
  'STRICT_DNS',
  'LOGICAL_DNS',
  'ORIGINAL_DST',
  undefined,
]);
const shared: ReadonlySet<string> = new Set(['unicast', 'private', 'uniqueLocal', 'carrierGradeNat']);

/** The ban on a message that names where to send; undefined where it names nothing. */
export function upstreamBan(type: string, value: Json): Ban | undefined {
  if (!isObject(value)) return undefined;
  if (type === cluster)
    return value.cluster_type === undefined && ownTypes.has(value.type) ? upstream : undefined;
  if (type === 'envoy.config.core.v3.Pipe') return host;
  if (type === 'envoy.config.core.v3.EnvoyInternalAddress') return host;
  if (type !== 'envoy.config.core.v3.SocketAddress') return undefined;
  return typeof value.address === 'string' && isOfHost(value.address) ? host : upstream;
}

/** Loopback, link-local, unspecified and the like; of names those that mean the machine itself. */
export function isOfHost(address: string): boolean {
  const name = address.toLowerCase().replace(/\.$/, '');
  if (!ipaddr.isValid(name))
    return name === 'localhost' || name.endsWith('.localhost') || /^[\d.x]+$/.test(name);
  const ip = ipaddr.process(name);
  return !shared.has(ip.range());
}
