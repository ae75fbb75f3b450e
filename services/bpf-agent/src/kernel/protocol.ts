// What the agent and its child say to each other over Node's IPC (`serialization: 'advanced'`, so bytes and bigints cross as they are).
import type {
  AttachPoint,
  Kernel,
  KernelFault,
  LookupTable,
  MapKeys,
  MapName,
  MapRows,
  TestRunRequest,
} from '../core/kernel-port.ts';
import type { RingBatch } from '../core/ring-reader.ts';

/** Paths and sizes, all decided by the agent's configuration. */
export interface KernelSettings {
  /** Of libbpf, the best one first; a name without a slash is looked for by the dynamic linker. */
  readonly libbpf: readonly string[];
  /** Path of the `.bpf.o`. */
  readonly object: string;
  /** Of bpffs; made, and bpffs mounted there, where missing. One for each node. */
  readonly pinDirectory: string;
  /** The most entries of maps, in place of those in lb_consts.h. */
  readonly sizes?: Readonly<Partial<Record<MapName, number>>>;
  /** Default true; false attaches as on a kernel before 6.6. */
  readonly tcx?: boolean;
}

/** Arguments of each call, in the order of the port's method. */
export interface Calls {
  open: [KernelSettings];
  probe: [];
  load: [];
  update: [MapName, MapRows];
  remove: [MapName, MapKeys];
  dump: [MapName];
  page: [MapName, Uint8Array | null];
  fill: [];
  updateTables: [readonly LookupTable[]];
  attach: [AttachPoint];
  detach: [AttachPoint];
  testRun: [string, TestRunRequest];
  lost: [];
  /** From now on `events` messages come, each when the one before was taken. */
  listen: [];
}
export type CallName = keyof Calls;

/** What a call gives. */
export type Result<Name extends CallName> = Name extends keyof Kernel
  ? Awaited<ReturnType<Kernel[Name]>>
  : undefined;

/** Agent → child. `taken` answers an `events`. */
export type Request =
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly name: CallName;
      readonly values: readonly unknown[];
    }
  | { readonly kind: 'taken' };

/** Child → agent. */
export type Answer =
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'fault'; readonly id: number; readonly fault: KernelFault }
  | { readonly kind: 'events'; readonly batch: RingBatch };
