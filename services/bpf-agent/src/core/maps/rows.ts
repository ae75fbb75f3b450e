// What stands in the maps that follow from the log (bpf/lb_structs.h), in words: addresses as text, ids as 16 hex digits. Numbers of
// closed sets are those of bpf/lb_consts.h.
import type { IrL4Frontend } from '@sluice/ir';

/** IPPROTO_* (linux/in.h). */
export const protocolNumbers: Readonly<Record<IrL4Frontend['protocol'], number>> = {
  TCP: 6,
  UDP: 17,
  SCTP: 132,
};

/** Who asks: sockets of this node, or packets at a device. */
export const scopes = { inside: 0, outside: 1 } as const;
export type Scope = keyof typeof scopes;

export const algorithms = { random: 0, maglev: 1 } as const;
export const frontendFlags = { sourceRanges: 1, l7: 2, keepClient: 4 } as const;
export const backendFlags = { local: 1 } as const;

/** No backend: connections are refused. */
export const noSet = '0000000000000000';

/** Where a Service is reached. `0.0.0.0` and `::` are each address of this node, of that family. */
export interface FrontendKey {
  readonly address: string;
  readonly port: number;
  readonly protocol: number;
  readonly scope: number;
}

export interface FrontendRow extends FrontendKey {
  readonly set: string;
  readonly group: string;
  readonly count: number;
  /** 0: none. */
  readonly affinityTimeoutS: number;
  /** 0 where the algorithm is not Maglev. */
  readonly tableSize: number;
  readonly algorithm: number;
  readonly flags: number;
}

export interface BackendRow {
  readonly address: string;
  readonly port: number;
  readonly flags: number;
}

/** Backends that never change: `id` follows from the rest. */
export interface BackendSet {
  readonly id: string;
  /** Sorted by address, then port. Never empty. */
  readonly backends: readonly BackendRow[];
  /** Slots of its Maglev table; 0: it has none. */
  readonly tableSize: number;
}

/** Clients that a Service port admits. */
export interface SourceRange {
  readonly group: string;
  /** Canonical CIDR. */
  readonly range: string;
}

/** One frontend among all. */
export function frontendId({ protocol, address, port, scope }: FrontendKey): string {
  return [protocol, address, port, scope].join('|');
}

/** One source range among all. */
export function sourceRangeId({ group, range }: SourceRange): string {
  return [group, range].join('|');
}

/** What a backend is called on all nodes. */
export function backendName({ address, port }: Pick<BackendRow, 'address' | 'port'>): string {
  return [address, port].join('|');
}
