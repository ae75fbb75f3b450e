// Many Services in the maps of a kernel, each with one backend, written by the codecs in large batches.
import { addressBytes } from '../../core/address.ts';
import type { Kernel } from '../../core/kernel-port.ts';
import { mapCodecs } from '../../core/layout/maps.ts';
import { encodeRows } from '../../core/struct-codec.ts';

/** Where the n-th Service is: TCP port 80 of 10.128.0.0/9. */
export const serviceAddress = (index: number): string =>
  `10.${128 + (index >>> 16)}.${(index >>> 8) & 0xff}.${index & 0xff}`;

const tcp = 6;

/** A backend of the n-th Service that no other one has, as a client sees it that connects to many Services from one port. */
export const ownBackend = (index: number) => ({
  address: `10.${64 + (index >>> 16)}.${(index >>> 8) & 0xff}.${index & 0xff}`,
  port: 8080,
});

/** Writes Services 0 … count-1, for sockets and for packets. Sets have ids from 1,000,000 on. */
export async function putServices(
  kernel: Kernel,
  count: number,
  backendOf: (index: number) => { readonly address: string; readonly port: number },
): Promise<void> {
  const indexes = Array.from({ length: count }, (_, index) => index);
  const set = (index: number) => BigInt(1_000_000 + index);
  const value = (index: number) => {
    const { address, port } = backendOf(index);
    return { address: addressBytes(address), port, flags: 1 };
  };
  await kernel.update('lb_slots', {
    keys: encodeRows(
      mapCodecs.lb_slots.key,
      indexes.map((index) => ({ set: set(index), slot: 0 })),
    ),
    values: encodeRows(mapCodecs.lb_slots.value, indexes.map(value)),
    count,
  });
  const zeros = { affinityTimeoutS: 0, tableSize: 0, algorithm: 0, flags: 0 };
  const rows = indexes.flatMap((index) =>
    [0, 1].map((scope) => ({
      key: { address: addressBytes(serviceAddress(index)), port: 80, protocol: tcp, scope },
      value: { set: set(index), group: set(index), count: 1, ...zeros },
    })),
  );
  await kernel.update('lb_frontends', {
    keys: encodeRows(
      mapCodecs.lb_frontends.key,
      rows.map(({ key }) => key),
    ),
    values: encodeRows(
      mapCodecs.lb_frontends.value,
      rows.map((row) => row.value),
    ),
    count: rows.length,
  });
}
