// What the machine says of itself.
import { networkInterfaces } from 'node:os';
import { canonicalIp } from '@sluice/ir';

/** Addresses of this machine's interfaces that others can reach it at: no loopback and no link-local ones, sorted. */
export function machineAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const own = all.filter(({ internal }) => !internal).flatMap(({ address }) => canonicalIp(address) ?? []);
  return [...new Set(own)].filter((address) => !/^(fe[89ab].:|169\.254\.)/.test(address)).sort();
}

/** One address of each family: as said, else the first of the machine. */
export function nodeIps(said: readonly string[]): { readonly ipv4: string; readonly ipv6: string } {
  const own = said.length > 0 ? said.flatMap((ip) => canonicalIp(ip) ?? []) : machineAddresses();
  return {
    ipv4: own.find((address) => !address.includes(':')) ?? '',
    ipv6: own.find((address) => address.includes(':')) ?? '',
  };
}
