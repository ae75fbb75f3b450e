// The port's calls, done in this process. Runs in the child alone: a fault of native code ends the process it is in.
import type {
  KernelFeatures,
  LoadedObject,
  MapFill,
  MapName,
  MapPage,
  MapRows,
  TestRunResult,
} from '../core/kernel-port.ts';
import { KernelError } from '../core/kernel-port.ts';
import { type RingBatch, RingReader } from '../core/ring-reader.ts';
import { type AttachTo, attach, detach } from './attach.ts';
import { check, openLibbpf } from './libbpf.ts';
import { type KernelObject, loadObject } from './load-object.ts';
import { removeFromMap, updateMap, updateTables } from './map-access.ts';
import { countEntries, dumpMap, hasKeys, memoryOf, type OpenMap, readPage } from './map-reading.ts';
import { openObject } from './object-file.ts';
import { preparePinDirectory } from './pin-directory.ts';
import { probe } from './probe.ts';
import type { CallName, Calls, KernelSettings, Result } from './protocol.ts';
import { mapRing } from './ring-memory.ts';
import { testRun } from './test-run.ts';

type Handlers = {
  readonly [Name in CallName]: (...values: Calls[Name]) => Promise<Result<Name>> | Result<Name>;
};

/** Calls in the kernel of this machine. */
export class NodeKernel implements Handlers {
  #opened: { readonly settings: KernelSettings; readonly libbpf: ReturnType<typeof openLibbpf> } | undefined;
  #object: KernelObject | undefined;
  #ring: RingReader | undefined;

  open(settings: KernelSettings): undefined {
    this.#opened = { settings, libbpf: openLibbpf(settings.libbpf) };
  }

  probe(): KernelFeatures {
    return probe(this.#use.libbpf);
  }

  load(): LoadedObject {
    const { libbpf, settings } = this.#use;
    preparePinDirectory(libbpf, settings.pinDirectory);
    const object = openObject(libbpf, settings.object, settings.sizes);
    this.#object = loadObject(libbpf, object, settings.pinDirectory);
    return this.#object.loaded;
  }

  async update(name: MapName, rows: MapRows): Promise<undefined> {
    await updateMap(this.#use.libbpf, this.#map(name), rows);
  }

  async remove(name: MapName, rows: Calls['remove'][1]): Promise<undefined> {
    await removeFromMap(this.#use.libbpf, this.#map(name), rows);
  }

  dump(name: MapName): Promise<MapRows> {
    return dumpMap(this.#use.libbpf, this.#map(name));
  }

  page(name: MapName, from: Uint8Array | null): Promise<MapPage> {
    return readPage(this.#use.libbpf, this.#map(name), from);
  }

  async fill(): Promise<readonly MapFill[]> {
    const fills: MapFill[] = [];
    for (const map of this.#loaded.maps.values())
      if (hasKeys(map))
        fills.push({
          map: map.name,
          entries: await countEntries(this.#use.libbpf, map),
          maxEntries: map.maxEntries,
          bytes: memoryOf(map.fd),
        });
    return fills;
  }

  async updateTables(tables: Calls['updateTables'][0]): Promise<undefined> {
    await updateTables(this.#use.libbpf, this.#map('lb_tables'), tables);
  }

  attach(point: Calls['attach'][0]): undefined {
    attach(this.#attachTo, point);
  }

  detach(point: Calls['detach'][0]): undefined {
    detach(this.#attachTo, point);
  }

  testRun(name: string, request: Calls['testRun'][1]): TestRunResult {
    const program = this.#loaded.programs.get(name);
    if (program === undefined)
      throw new KernelError({ kind: 'missing', message: `the object has no program ${name}` });
    return testRun(this.#use.libbpf, program.fd, request);
  }

  lost(): bigint {
    const { libbpf } = this.#use;
    const values = new BigUint64Array(libbpf.libbpf_num_possible_cpus());
    const bytes = new Uint8Array(values.buffer);
    check(libbpf.bpf_map_lookup_elem(this.#map('lb_lost').fd, new Uint8Array(4), bytes), 'reading lb_lost');
    return values.reduce((sum, value) => sum + value, 0n);
  }

  listen(): undefined {
    this.#ring ??= new RingReader(mapRing(this.#use.libbpf, this.#map('lb_events')));
  }

  /** Records that wait in the ring buffer; none before `listen`. */
  drain(limit: number): RingBatch {
    return this.#ring?.drain(limit) ?? { bytes: new Uint8Array(), sizes: [] };
  }

  get #use() {
    if (this.#opened === undefined)
      throw new KernelError({ kind: 'failed', errno: 22, message: 'libbpf is not open' });
    return this.#opened;
  }

  get #loaded(): KernelObject {
    if (this.#object === undefined)
      throw new KernelError({ kind: 'failed', errno: 22, message: 'nothing is loaded: call load first' });
    return this.#object;
  }

  get #attachTo(): AttachTo {
    const { libbpf, settings } = this.#use;
    const { tcx, pinDirectory } = settings;
    return {
      libbpf,
      directory: pinDirectory,
      programs: this.#loaded.programs,
      ...(tcx === undefined ? {} : { tcx }),
    };
  }

  #map(name: MapName): OpenMap {
    const map = this.#loaded.maps.get(name);
    if (map === undefined)
      throw new KernelError({ kind: 'missing', message: `the object has no map ${name}` });
    return map;
  }
}
