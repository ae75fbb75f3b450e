import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

/** Tells when the addresses that can be had have changed. */
export interface AddressWatch {
  /** Looks again. @returns whether anything changed since the last look */
  refresh(): boolean;
  /** Has `wake` called when it is time to look; without it that is done every few seconds. */
  onChange?(wake: () => void): void;
}

/** Tells which addresses a process of this machine can bind: its own, and all of the loopback network where there is a loopback interface. */
export class OwnAddresses implements AddressWatch {
  #known = read();

  /** Whether `address`, in canonical form, can be bound. */
  usable(address: string): boolean {
    const ip = ipaddr.parse(address);
    if (ip.kind() === 'ipv4' && ip.range() === 'loopback') return this.#known.has('127.0.0.1');
    return this.#known.has(address);
  }

  refresh(): boolean {
    const now = read();
    const changed = now.size !== this.#known.size || [...now].some((address) => !this.#known.has(address));
    this.#known = now;
    return changed;
  }
}

function read(): Set<string> {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return new Set(all.map(({ address }) => ipaddr.parse(address.split('%', 1)[0] ?? address).toString()));
}
