// What the machine says of itself.
import { readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { canonicalIp } from '@sluice/ir';
import { SluiceError } from '@sluice/service-kit';

/** Addresses of this machine's interfaces that others can reach it at: no loopback and no link-local ones, sorted. */
export function machineAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const own = all.filter(({ internal }) => !internal).flatMap(({ address }) => canonicalIp(address) ?? []);
  return [...new Set(own)].filter((address) => !/^(fe[89ab].:|169\.254\.)/.test(address)).sort();
}

/**
 * Names of interfaces as said, with those that bear one of the node's addresses in place of `auto`.
 * @throws SluiceError `datapath-unavailable` where no interface does
 */
export function interfacesOf(
  said: readonly string[],
  { ipv4, ipv6 }: { readonly ipv4: string; readonly ipv6: string },
  interfaces = networkInterfaces(),
): string[] {
  if (!said.includes('auto')) return [...said];
  const bearing = Object.entries(interfaces).filter(([, addresses = []]) =>
    addresses.some(
      ({ address, internal }) => !internal && [ipv4, ipv6].includes(canonicalIp(address) ?? '-'),
    ),
  );
  if (bearing.length === 0)
    throw new SluiceError(
      'datapath-unavailable',
      `no interface bears an address of this node (${[ipv4, ipv6].filter((ip) => ip !== '').join(', ') || 'none is known'})`,
      {
        hint: 'name the interfaces in SLUICE_INTERFACES, or set SLUICE_NODE_IPS to addresses of this machine',
      },
    );
  return [...new Set([...said.filter((name) => name !== 'auto'), ...bearing.map(([name]) => name)])];
}

/** One address of each family: as said, else the first of the machine. */
export function nodeIps(said: readonly string[]): { readonly ipv4: string; readonly ipv6: string } {
  const own = said.length > 0 ? said.flatMap((ip) => canonicalIp(ip) ?? []) : machineAddresses();
  return {
    ipv4: own.find((address) => !address.includes(':')) ?? '',
    ipv6: own.find((address) => address.includes(':')) ?? '',
  };
}

/** Where Linux shows the interfaces of the network namespace that it was mounted in. */
const interfacesDirectory = '/sys/class/net';

/**
 * Indexes of the interfaces of these names, sorted; a name that ends in `*` is the beginning of names. Interfaces that are not there are
 * passed over, for they come and go with pods.
 */
export function interfaceIndexes(names: readonly string[], directory = interfacesDirectory): number[] {
  const isMeant = (found: string): boolean =>
    names.some((name) => (name.endsWith('*') ? found.startsWith(name.slice(0, -1)) : found === name));
  return readdirSync(directory)
    .filter(isMeant)
    .flatMap((found) => indexOf(join(directory, found, 'ifindex')))
    .sort((a, b) => a - b);
}

function indexOf(file: string): number[] {
  try {
    return [Number(readFileSync(file, 'utf8'))];
  } catch {
    return [];
  }
}
