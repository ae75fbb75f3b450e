// Brings the maps of the kernel to what they have to hold. One writer, one change after the other; where a write fails nothing is known
// of what is there any more, and all of it is compared anew.
import type { Flow } from '@sluice/events';
import { eventMask } from '../core/flows.ts';
import {
  type AttachPoint,
  type Kernel,
  KernelError,
  type MapName,
  type MapRows,
} from '../core/kernel-port.ts';
import { mapCodecs } from '../core/layout/maps.ts';
import { desiredMapNames } from '../core/maps/desired-map-names.ts';
import type { MapsState } from '../core/maps/desired-maps.ts';
import { addressOf, callsOf, readDump } from '../core/maps/kernel-rows.ts';
import { repair } from '../core/maps/repair.ts';
import { type Step, sizeOf } from '../core/maps/steps.ts';
import { encodeRows } from '../core/struct-codec.ts';
import { type Description, describe } from './description.ts';

/** What of the node itself the programs need. */
export interface NodeFacts {
  /** Addresses at which node ports answer. */
  readonly addresses: readonly string[];
  /** Source of what goes to other nodes; the empty string: there is none of that family. */
  readonly ipv4: string;
  readonly ipv6: string;
  /** Indexes of interfaces whose other end is in a pod. */
  readonly peers: readonly number[];
}

export interface ReconcilerOptions {
  readonly kernel: Kernel;
  readonly points: readonly AttachPoint[];
  /** What the programs tell in the ring buffer; default: nothing. */
  readonly flows?: readonly Flow['type'][];
  /** Told what the kernel gives before anything is loaded, and again when it is. */
  readonly described?: (description: Description) => void;
  /** Told of rows that were written or removed, by kind of step. */
  readonly wrote: (kind: Step['kind'], rows: number) => void;
}

/** Part of every hash of packets, on every node. */
const hashSeed = 0x5177_1ce1;
/** Beside ports that Linux gives to sockets (ip_local_port_range: 32768–60999). */
const snatPorts = { snatPortMin: 61_000, snatPortMax: 65_535 } as const;

export class Reconciler {
  readonly #options: ReconcilerOptions;
  #loaded = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Whether programs run: what was attached goes on whatever becomes of this process. */
  get isLoaded(): boolean {
    return this.#loaded;
  }

  /**
   * Compares all that is in the maps and writes the difference; the first time programs are loaded before and attached after, so that none
   * runs on maps that say less than they have to. @throws KernelError
   */
  async resync(desired: MapsState, node: NodeFacts): Promise<void> {
    const { kernel, points } = this.#options;
    if (!this.#loaded) await this.#load();
    const dumps: Partial<Record<MapName, MapRows>> = {};
    for (const map of desiredMapNames) dumps[map] = await kernel.dump(map);
    const { lb_frontends, lb_slots, lb_tables, lb_source_ranges } = dumps as Record<
      (typeof desiredMapNames)[number],
      MapRows
    >;
    await this.writeNode(node);
    await this.write(repair(readDump({ lb_frontends, lb_slots, lb_tables, lb_source_ranges }), desired));
    if (!this.#loaded) for (const point of points) await kernel.attach(point);
    this.#loaded = true;
  }

  async #load(): Promise<void> {
    const { kernel, points, described = () => undefined } = this.#options;
    const features = await kernel.probe();
    described(describe(features, undefined, points));
    const { missingCapabilities: missing } = features;
    if (missing.length > 0) {
      const message = `the agent has not ${missing.join(', ')}, which it needs to load and attach programs`;
      throw new KernelError({ kind: 'missing', message });
    }
    const startedMs = performance.now();
    const object = await kernel.load();
    described(describe(features, { object, ms: performance.now() - startedMs }, points));
  }

  /** Writes steps in their order. @throws KernelError; then `resync` is due */
  async write(steps: readonly Step[]): Promise<void> {
    const { kernel, wrote } = this.#options;
    for (const step of steps) {
      for (const call of callsOf(step))
        if (call.kind === 'update') await kernel.update(call.map, call.rows);
        else if (call.kind === 'remove') await kernel.remove(call.map, call.rows);
        else await kernel.updateTables(call.tables);
      wrote(step.kind, sizeOf(step));
    }
  }

  /** Writes what the programs need to know of the node. @throws KernelError */
  async writeNode({ addresses, ipv4, ipv6, peers }: NodeFacts): Promise<void> {
    const { kernel } = this.#options;
    await this.#writeKeys('lb_node_addresses', addresses.map(addressOf));
    await this.#writeKeys(
      'lb_peers',
      peers.map((index) => encodeRows(mapCodecs.lb_peers.key, [index])),
    );
    const settings = {
      nodeIpv4: ipv4 === '' ? new Uint8Array(16) : addressOf(ipv4),
      nodeIpv6: ipv6 === '' ? new Uint8Array(16) : addressOf(ipv6),
      ...{ hashSeed, ...snatPorts, events: eventMask(this.#options.flows ?? []) },
      hasPeers: peers.length > 0 ? 1 : 0,
    };
    await kernel.update('lb_settings', {
      keys: encodeRows(mapCodecs.lb_settings.key, [0]),
      values: encodeRows(mapCodecs.lb_settings.value, [settings]),
      count: 1,
    });
  }

  /** Lets a map have just these keys, each with the value 1. */
  async #writeKeys(map: 'lb_node_addresses' | 'lb_peers', keys: readonly Uint8Array[]): Promise<void> {
    const { kernel } = this.#options;
    const { size } = mapCodecs[map].key;
    const { keys: dumped, count } = await kernel.dump(map);
    const there = Array.from({ length: count }, (_, row) => dumped.slice(row * size, (row + 1) * size));
    const text = (bytes: Uint8Array): string => bytes.join('.');
    const missing = keysBut(keys, new Set(there.map(text)));
    const gone = keysBut(there, new Set(keys.map(text)));
    if (missing.length > 0) {
      const values = new Uint8Array(missing.length).fill(1);
      await kernel.update(map, { keys: Buffer.concat(missing), values, count: missing.length });
    }
    if (gone.length > 0) await kernel.remove(map, { keys: Buffer.concat(gone), count: gone.length });
  }
}

function keysBut(keys: readonly Uint8Array[], others: ReadonlySet<string>): Uint8Array[] {
  return keys.filter((bytes) => !others.has(bytes.join('.')));
}
