// What the agent asks of the kernel, and what it is told. The one implementation that touches a kernel is src/kernel (libbpf in a
// supervised child process); all else of the agent knows this port alone. Keys and values of maps cross it as bytes: rows of equal
// size, one behind the other, laid out as bpf/lb_structs.h says (src/core/layout turns them into objects and back).

/** Maps of bpf/lb_maps.h, by the names they have there. */
export type MapName =
  | 'lb_frontends'
  | 'lb_slots'
  | 'lb_tables'
  | 'lb_affinity'
  | 'lb_sock_reverse'
  | 'lb_origins'
  | 'lb_conntrack'
  | 'lb_source_ranges'
  | 'lb_node_addresses'
  | 'lb_peers'
  | 'lb_settings'
  | 'lb_fragments'
  | 'lb_events'
  | 'lb_lost'
  | 'lb_counters';

/** Where programs of a kind are attached. */
export type HookName =
  | 'cgroup_connect'
  | 'cgroup_sendmsg'
  | 'cgroup_recvmsg'
  | 'cgroup_getpeername'
  | 'cgroup_getsockopt'
  | 'sock_ops'
  | 'tcx'
  | 'tc'
  | 'ringbuf'
  | 'fentry'
  | 'lsm'
  | 'kprobe';

/** Whether a hook can be used here, and why not if it cannot: a sentence without a full stop. */
export type HookState = { readonly available: true } | { readonly available: false; readonly reason: string };

/** What this kernel lets this process do. */
export interface KernelFeatures {
  readonly hooks: Readonly<Record<HookName, HookState>>;
  /** Capabilities that the agent needs and has not, of CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON; empty if none is missing. */
  readonly missingCapabilities: readonly string[];
  /** Of libbpf, e.g. `v1.7`. */
  readonly libbpf: string;
  /** As `uname -r` says it. */
  readonly kernel: string;
}

/** A program in the kernel. */
export interface LoadedProgram {
  readonly name: string;
  /** Instructions that the verifier walked through, of at most 1,000,000; 0 where the kernel does not say. */
  readonly verifiedInstructions: number;
}

/** What `load` has brought about. */
export interface LoadedObject {
  /** SHA-256 of the object file, hexadecimal. */
  readonly hash: string;
  /**
   * What became of what was pinned: `fresh`, nothing was; `adopted`, it was of the same object and is used on; `replaced`, it was of
   * another one: maps of equal shape were kept with what is in them, programs are exchanged one by one without a gap.
   */
  readonly outcome: 'fresh' | 'adopted' | 'replaced';
  /** Maps that are empty because their shape has changed, or nothing was pinned: the reconciler fills them. */
  readonly emptied: readonly MapName[];
  readonly programs: readonly LoadedProgram[];
}

/** Rows of a map: `count` keys one behind the other, and as many values. */
export interface MapKeys {
  readonly keys: Uint8Array;
  readonly count: number;
}
export interface MapRows extends MapKeys {
  readonly values: Uint8Array;
}

/** A part of a map's rows. */
export interface MapPage extends MapRows {
  /** Where the next part begins; null: this is the last one. */
  readonly next: Uint8Array | null;
}

/** How full a map is. */
export interface MapFill {
  readonly map: MapName;
  readonly entries: number;
  readonly maxEntries: number;
  /** Memory as the kernel says it, without that of maps in it; 0 where it does not say. */
  readonly bytes: number;
}

/** Maglev's table of one set: slots of the set by hash. */
export interface LookupTable {
  readonly set: bigint;
  readonly slots: Uint32Array;
}

/** A place where programs run. */
export type AttachPoint =
  /** Sockets of all processes in the cgroup and below. `path` is a directory of cgroup2. */
  | { readonly kind: 'cgroup'; readonly path: string }
  /** Packets that come in (ingress) or go out (egress) at an interface of the agent's own network namespace. */
  | {
      readonly kind: 'interface';
      readonly name: string;
      readonly direction: 'ingress' | 'egress';
      /** Name of the program in the object. */
      readonly program: string;
    };

/** What is run by BPF_PROG_TEST_RUN. */
export interface TestRunRequest {
  readonly packet: Uint8Array;
  /** `struct __sk_buff` as the program shall see it; default: zeros. */
  readonly context?: Uint8Array;
  /** How often, in one go; default 1. The packet is not restored in between. */
  readonly repeat?: number;
}
export interface TestRunResult {
  /** What the program returned. */
  readonly verdict: number;
  readonly packet: Uint8Array;
  /** Nanoseconds of one run, mean of all repeats. */
  readonly ns: number;
}

/**
 * Why the kernel did not do what it was asked. `kind`:
 * - `map-full`: the map has as many entries as it may hold (E2BIG, ENOMEM of a hash map); `map` names it;
 * - `refused`: the verifier refused a program; `log` holds its words;
 * - `missing`: a capability, a hook, a file or a library is missing; the message says which;
 * - `gone`: the child process ended; the parent has begun or will begin a new one;
 * - `failed`: all else; `errno` is the number.
 */
export type KernelFault =
  | { readonly kind: 'map-full'; readonly map: MapName; readonly message: string }
  | { readonly kind: 'refused'; readonly program: string; readonly log: string; readonly message: string }
  | { readonly kind: 'missing'; readonly message: string }
  | { readonly kind: 'gone'; readonly message: string }
  | { readonly kind: 'failed'; readonly errno: number; readonly message: string };

/** Thrown by every method of the port. */
export class KernelError extends Error {
  readonly fault: KernelFault;
  constructor(fault: KernelFault) {
    super(fault.message);
    this.name = 'KernelError';
    this.fault = fault;
  }
}

/** The kernel of this node. Calls are done in the order in which they were made. All throw `KernelError`. */
export interface Kernel {
  /** Tries each hook; touches nothing that stays. */
  probe(): Promise<KernelFeatures>;
  /** Brings programs and maps into the kernel, or finds those that are pinned. To be called once, before all below. */
  load(): Promise<LoadedObject>;
  /** Writes rows, in place where a key is there, in order. On `map-full` the rows up to the full one are written. */
  update(map: MapName, rows: MapRows): Promise<void>;
  /** Removes rows; a key that is not there is no error. */
  remove(map: MapName, rows: MapKeys): Promise<void>;
  /** All rows, in no order. Of a per-CPU map a value is that of all CPUs, one behind the other, each padded to 8 bytes. */
  dump(map: MapName): Promise<MapRows>;
  /** The next rows of `dump`, some 4,096; `from` is `next` of the page before, null at the beginning. Entries that come meanwhile may be missed. */
  page(map: MapName, from: Uint8Array | null): Promise<MapPage>;
  /** All maps that hold entries of keys (arrays and ring buffers are as they are made), in no order. They are counted one by one. */
  fill(): Promise<readonly MapFill[]>;
  /** Writes Maglev tables: a new inner map for each set, put in place by one batch. */
  updateTables(tables: readonly LookupTable[]): Promise<void>;
  /** Attaches; where a program of the same name is attached at this point by an earlier agent, takes its place without a gap. */
  attach(point: AttachPoint): Promise<void>;
  /** Detaches; a point where nothing is attached is no error. */
  detach(point: AttachPoint): Promise<void>;
  testRun(program: string, request: TestRunRequest): Promise<TestRunResult>;
  /** Records of the ring buffer, as many as there are, each whole; may be iterated by one reader. Ends with `close`. */
  events(): AsyncIterable<readonly Uint8Array[]>;
  /** How many records the programs could not put into the ring buffer since the maps were made; exact. */
  lost(): Promise<bigint>;
  /** Ends the child. What is pinned stays and goes on working. */
  close(): Promise<void>;
}
