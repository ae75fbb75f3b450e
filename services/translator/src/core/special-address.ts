// Addresses that are nobody's to take: each host has them for itself, or no host has (as ValidateNonSpecialIP of Kubernetes has it for
// externalIPs).
import { canonicalCidr, parseCidr, parseIp } from '@sluice/ir';

const special = [
  ['0.0.0.0/8', 'is no address of a host'],
  ['127.0.0.0/8', 'is a loopback address, which each host has for itself'],
  ['169.254.0.0/16', 'is a link-local address'],
  ['224.0.0.0/3', 'is no address of one host'],
  ['::/127', 'is an address that each host has for itself'],
  ['fe80::/10', 'is a link-local address'],
  ['ff00::/8', 'is no address of one host'],
] as const;

/** Why an address in canonical form is nobody's to take; the empty string where it is not. */
export function specialAddressFault(address: string): string {
  const found = special.find(([range]) => isWithin(address, range));
  return found === undefined ? '' : `${found[1]}`;
}

function isWithin(address: string, range: string): boolean {
  const [bytes, given] = [parseIp(address), parseCidr(range)];
  if (bytes === undefined || given === undefined || address.includes(':') !== range.includes(':'))
    return false;
  const bits = range.includes(':') ? given.length : given.length - 96;
  return canonicalCidr(`${address}/${bits}`) === canonicalCidr(range);
}
