// Gateways, and Services that stand at a listener of their own → the addresses they get, Gateway API v1.7.0
// GatewaySpec.addresses. A holder keeps its address as long as it lives: the assignment is a fact on the log and is read
// back from there.
import type { FactOf } from '@sluice/events';
import { compareObjectRefs, formatObjectRef, type ObjectRef } from '@sluice/ir';
import type { Gateway } from '@sluice/kinds';
import ipaddr from 'ipaddr.js';
import { keyOf } from './keys.ts';

type Assignment = FactOf<'AddressAssigned'>;

/** What may be assigned. */
export interface PoolAddressing {
  readonly kind: 'pool';
  /** Addresses that are given out, lowest first; see `poolAddresses`. */
  readonly pool: readonly string[];
  /** Added to ports below 1024 when binding. */
  readonly lowPortOffset: number;
  /** Whether this machine can bind an address, in canonical form. */
  usable(address: string): boolean;
}

/** More addresses of a pool than these are never looked at. */
const maxPool = 65_536;

/** The addresses of a CIDR in order, without network and broadcast address where there are such. */
export function poolAddresses(cidr: string): string[] {
  const [base, bits] = ipaddr.parseCIDR(cidr);
  const width = base.kind() === 'ipv4' ? 32 : 128;
  const size = 2 ** Math.min(width - bits, 16);
  const bytes = ipaddr
    .parse(
      base.kind() === 'ipv4'
        ? ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()
        : ipaddr.IPv6.networkAddressFromCIDR(cidr).toString(),
    )
    .toByteArray();
  const all: string[] = [];
  for (let i = 0; i < Math.min(size, maxPool); i++) {
    const [high, low] = [bytes.at(-2) ?? 0, bytes.at(-1) ?? 0];
    const sum = high * 256 + low + i;
    all.push(ipaddr.fromByteArray([...bytes.slice(0, -2), (sum >> 8) & 0xff, sum & 0xff]).toString());
  }
  const hasEnds = base.kind() === 'ipv4' && width - bits >= 2;
  return hasEnds ? all.slice(1, width - bits <= 16 ? -1 : undefined) : all;
}

/** An object that gets addresses. */
export interface AddressHolder {
  readonly ref: ObjectRef;
  /** What it asks for; empty: any one address. */
  readonly requested: Gateway['spec']['addresses'];
}

/** What a holder asks for, judged. */
interface Wishes {
  readonly ref: ObjectRef;
  readonly key: string;
  readonly fixed: readonly string[];
  readonly any: boolean;
  readonly unusable: { value: string; reason: string }[];
}

/**
 * Assigns addresses to all holders: to Gateways first, then by reference.
 * @param before assignments in force, by key of the holder
 * @returns the assignment of each holder, by key
 */
export function assignAddresses(
  holders: readonly AddressHolder[],
  before: ReadonlyMap<string, Assignment>,
  addressing: PoolAddressing,
): Map<string, Assignment> {
  const inPool = new Set(addressing.pool);
  const wishes = holders
    .map((holder) => wishesOf(holder, addressing))
    .toSorted((a, b) => rankOf(a.ref) - rankOf(b.ref) || compareObjectRefs(a.ref, b.ref));
  const owner = new Map<string, Wishes>();
  const held = (w: Wishes): readonly string[] => before.get(w.key)?.addresses ?? [];
  const take = (w: Wishes, address: string): void => void (owner.has(address) || owner.set(address, w));
  for (const w of wishes) for (const a of w.fixed) if (held(w).includes(a)) take(w, a);
  for (const w of wishes)
    if (w.any)
      for (const a of held(w)
        .filter((h) => inPool.has(h) && !w.fixed.includes(h))
        .slice(0, 1))
        take(w, a);
  for (const w of wishes) for (const a of w.fixed) take(w, a);
  const free = addressing.pool.values().filter((a) => !owner.has(a));
  const result = new Map<string, Assignment>();
  const owned = new Map<Wishes, string[]>();
  for (const [address, w] of owner) owned.set(w, [...(owned.get(w) ?? []), address]);
  for (const w of wishes) {
    const addresses = owned.get(w) ?? [];
    const unusable = [...w.unusable, ...inUse(w, owner)];
    if (w.any && !addresses.some((a) => inPool.has(a) && !w.fixed.includes(a))) {
      const next = free.next();
      if (next.done) unusable.push({ value: '', reason: 'no address of the pool is free' });
      else addresses.push(next.value);
    }
    const { lowPortOffset } = addressing;
    result.set(w.key, {
      type: 'AddressAssigned',
      gateway: w.ref,
      addresses: addresses.toSorted(),
      lowPortOffset,
      unusable,
    });
  }
  return result;
}

function inUse(wishes: Wishes, owner: ReadonlyMap<string, Wishes>): Assignment['unusable'] {
  return wishes.fixed.flatMap((value) => {
    const other = owner.get(value);
    return other === undefined || other === wishes
      ? []
      : [{ value, reason: `in use by ${formatObjectRef(other.ref)}` }];
  });
}

function rankOf({ kind }: ObjectRef): number {
  return kind === 'Gateway' ? 0 : 1;
}

function wishesOf({ ref, requested }: AddressHolder, addressing: PoolAddressing): Wishes {
  const unusable: { value: string; reason: string }[] = [];
  const fixed = new Set<string>();
  for (const { type, value } of requested) {
    if (type !== 'IPAddress')
      unusable.push({ value: value ?? '', reason: `addresses of type ${type} are not supported` });
    else if (value !== undefined) {
      const reason = whyUnusable(value, addressing);
      if (reason === '') fixed.add(ipaddr.parse(value).toString());
      else unusable.push({ value, reason });
    }
  }
  const any =
    requested.length === 0 || requested.some((a) => a.type === 'IPAddress' && a.value === undefined);
  return { ref, key: keyOf(ref), fixed: [...fixed], any, unusable };
}

function whyUnusable(value: string, addressing: PoolAddressing): string {
  if (!ipaddr.isValid(value) || (ipaddr.IPv4.isIPv4(value) && !ipaddr.IPv4.isValidFourPartDecimal(value)))
    return 'is no IP address';
  const address = ipaddr.parse(value);
  if (address.range() === 'unspecified') return 'stands for every address, and a Gateway must have its own';
  if (address.range() === 'multicast' || address.range() === 'broadcast')
    return 'is not the address of one host';
  return addressing.usable(address.toString()) ? '' : 'is not an address of this machine';
}
