// What a Pod asks of the datapath of its node. What comes in: a Pod; what goes out: the places at which its host ports are reached, each
// with the Pod's own address behind it, and what is wrong about them. Neither other Pods nor Services play a part yet, and readiness
// never does: as with the CNI's portmap plugin a host port leads to its Pod as long as that is there.
import {
  anyAddressOf,
  canonicalIp,
  compareText,
  type IrL4Frontend,
  isAnyAddress,
  type ObjectRef,
} from '@sluice/ir';
import { objectRefOf, type Pod, type PodHostPort } from '@sluice/kinds';
import { objectKey, servicePortKey } from './keys.ts';
import { frontendKey } from './l4-want.ts';
import { specialAddressFault } from './special-address.ts';

/** Begins the key of an IR resource that is a Pod's: no namespace has an upper-case letter. */
export const podPrefix = 'Pod/';

/** A place at a node. */
export type HostPlace = IrL4Frontend & Required<Pick<IrL4Frontend, 'endpoint'>>;

/** A Pod with places, or with something wrong about them. */
export interface HostPortWant {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly generation: number;
  readonly createdAt: string;
  readonly node: string;
  /** Sorted by `frontendKey`, each once. */
  readonly places: readonly HostPlace[];
  /** Host ports to which nothing leads, with the reason, in words. */
  readonly unusable: readonly string[];
}

/** What Pods may quarrel about: the same at two Pods whose places may overlap. */
export function claimKey(node: string, { protocol, port, address }: HostPlace): string {
  return [node, protocol, port, address.includes(':') ? 'ipv6' : 'ipv4'].join('|');
}

/** Whether two places of one claim are, at some address, the same. */
export function overlaps(a: HostPlace, b: HostPlace): boolean {
  if (a.protocol !== b.protocol || a.port !== b.port) return false;
  if (a.address.includes(':') !== b.address.includes(':')) return false;
  return a.address === b.address || isAnyAddress(a.address) || isAnyAddress(b.address);
}

/** Reads a Pod; undefined where it asks for nothing. */
export function hostPortWant(pod: Pod): HostPortWant | undefined {
  const { metadata, spec, status } = pod;
  const { nodeName: node } = spec;
  if (node === undefined || node === '' || spec.hostNetwork === true || status.phase !== undefined)
    return undefined;
  const unusable: string[] = [];
  const places = spec.containers
    .flatMap(({ ports }) => ports)
    .flatMap((port) => placesOf(pod, port, unusable))
    .sort((a, b) => compareText(frontendKey(a), frontendKey(b)));
  if (places.length === 0 && unusable.length === 0) return undefined;
  const { uid, generation, creationTimestamp: createdAt } = metadata;
  const distinct = places.filter((place, i) => {
    const before = places[i - 1];
    return before === undefined || frontendKey(before) !== frontendKey(place);
  });
  return { ref: objectRefOf(pod), uid, generation, createdAt, node, places: distinct, unusable };
}

function placesOf(pod: Pod, port: PodHostPort, unusable: string[]): HostPlace[] {
  const { protocol, hostIP } = port;
  const own = addressesOf(pod);
  if (protocol === 'SCTP') {
    unusable.push(`port ${port.hostPort}/SCTP, which is not supported`);
    return [];
  }
  const wanted = hostIP === undefined ? own.map(anyAddressOf) : hostAddress(pod, port, unusable);
  return wanted.flatMap((address): HostPlace[] => {
    const target = own.find((ip) => ip.includes(':') === address.includes(':'));
    if (target === undefined) {
      unusable.push(
        `${placeText({ ...port, address, port: port.hostPort })}, a family of which it has no address`,
      );
      return [];
    }
    const { namespace, name } = pod.metadata;
    const endpoints = servicePortKey(
      `${podPrefix}${objectKey(namespace, name)}`,
      port.hostPort,
      protocol === 'TCP' ? 'tcp' : 'udp',
    );
    const endpoint = { address: target, port: port.containerPort };
    return [{ address, port: port.hostPort, protocol, type: 'host-port', endpoints, endpoint }];
  });
}

/** Its addresses, the first of each family. */
function addressesOf({ status }: Pod): string[] {
  const all = status.podIPs.flatMap(({ ip }) => canonicalIp(ip) ?? []);
  const isIpv6 = (ip: string): boolean => ip.includes(':');
  return [all.find((ip) => !isIpv6(ip)), all.find(isIpv6)].filter((ip) => ip !== undefined);
}

/** The address that the port is bound to; none where it is not one of the node. */
function hostAddress(
  { spec, status }: Pod,
  { hostIP = '', hostPort, protocol }: PodHostPort,
  unusable: string[],
): string[] {
  const address = canonicalIp(hostIP);
  if (address !== undefined && isAnyAddress(address)) return [address];
  const fault = address === undefined ? 'is no IP address' : specialAddressFault(address);
  const known = status.hostIPs.flatMap(({ ip }) => canonicalIp(ip) ?? []);
  if (address !== undefined && fault === '' && (known.length === 0 || known.includes(address)))
    return [address];
  const said = fault === '' ? `is no address of node ${spec.nodeName}, which has ${known.join(', ')}` : fault;
  unusable.push(`port ${hostPort}/${protocol}, whose hostIP ${JSON.stringify(hostIP)} ${said}`);
  return [];
}

/** `host port 80/TCP`, `192.0.2.1:80/TCP`. */
export function placeText({
  address,
  port,
  protocol,
}: Pick<IrL4Frontend, 'address' | 'port' | 'protocol'>): string {
  if (isAnyAddress(address)) return `${address === '::' ? 'IPv6 ' : ''}host port ${port}/${protocol}`;
  return `${address.includes(':') ? `[${address}]` : address}:${port}/${protocol}`;
}
