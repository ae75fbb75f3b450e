// Programs and maps into the kernel, or found there again. What is pinned of the same object is used on; of another object maps of equal
// shape are, with all that is in them, and attached programs go on with the maps they have until they are replaced (attach.ts).
import { mkdirSync, renameSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { KernelError, type LoadedObject, type MapName } from '../core/kernel-port.ts';
import { errnoName } from './errno.ts';
import { mapInfo, programInfo } from './info.ts';
import { check, type Libbpf } from './libbpf.ts';
import type { OpenMap } from './map-reading.ts';
import type { DeclaredMap, ObjectFile } from './object-file.ts';
import { openPin, pinsIn, removePins } from './pin-directory.ts';

/** A program in the kernel. */
export interface OpenProgram {
  readonly name: string;
  readonly section: string;
  readonly attachType: number;
  readonly fd: number;
  /** Number that the kernel gave it. */
  readonly id: number;
}

export interface KernelObject {
  readonly programs: ReadonlyMap<string, OpenProgram>;
  readonly maps: ReadonlyMap<MapName, OpenMap>;
  readonly loaded: LoadedObject;
}

/** Room for what the verifier says of one program; of more it keeps the end. */
const logBytes = 1 << 18;
const programsPrefix = 'programs-';

/** Paths in the pin directory. */
const mapPath = (directory: string, map: DeclaredMap) => join(directory, 'maps', `${map.name}-${map.shape}`);
const programsPath = (directory: string, hash: string) =>
  join(directory, `${programsPrefix}${hash.slice(0, 16)}`);

/**
 * Loads, or finds what is pinned.
 * @throws KernelError `refused` with the verifier's words; `missing` without the right to load
 */
export function loadObject(libbpf: Libbpf, object: ObjectFile, directory: string): KernelObject {
  const before = pinsIn(directory).filter((name) => name.startsWith(programsPrefix));
  const pinned = new Map(
    object.maps.flatMap((map) => {
      const fd = openPin(libbpf, mapPath(directory, map));
      return fd === undefined ? [] : [[map.name, fd] as const];
    }),
  );
  const adopted = pinned.size === object.maps.length ? pinnedPrograms(libbpf, object, directory) : undefined;
  if (adopted === undefined) {
    for (const map of object.maps) {
      const fd = pinned.get(map.name);
      if (fd !== undefined) check(libbpf.bpf_map__reuse_fd(map.pointer, fd), `using ${map.name} on`);
    }
    bringIn(libbpf, object);
    pinAll(libbpf, object, { directory, pinned });
  }
  removeStale(object, directory);
  const fds =
    adopted ?? new Map(object.programs.map((one) => [one.name, libbpf.bpf_program__fd(one.pointer)]));
  const infos = new Map([...fds].map(([name, fd]) => [name, { fd, ...programInfo(libbpf, fd) }]));
  const programs = object.programs.flatMap(({ name, section, attachType }) => {
    const info = infos.get(name);
    return info === undefined ? [] : [{ name, section, attachType, fd: info.fd, id: info.id, info }];
  });
  const maps = object.maps.map((map): [MapName, OpenMap] => {
    const fd = pinned.get(map.name) ?? libbpf.bpf_map__fd(map.pointer);
    return [map.name, { name: map.name, fd, ...mapInfo(libbpf, fd) }];
  });
  return {
    programs: new Map(programs.map((program) => [program.name, program])),
    maps: new Map(maps),
    loaded: {
      hash: object.hash,
      outcome: adopted !== undefined ? 'adopted' : before.length > 0 ? 'replaced' : 'fresh',
      emptied: object.maps.filter(({ name }) => !pinned.has(name)).map(({ name }) => name),
      programs: programs.map(({ name, info }) => ({ name, verifiedInstructions: info.verifiedInstructions })),
    },
  };
}

/** Descriptors of the object's pinned programs; undefined unless all are there. */
function pinnedPrograms(
  libbpf: Libbpf,
  object: ObjectFile,
  directory: string,
): ReadonlyMap<string, number> | undefined {
  const found = new Map<string, number>();
  for (const { name } of object.programs) {
    const fd = openPin(libbpf, join(programsPath(directory, object.hash), name));
    if (fd === undefined) {
      for (const other of found.values()) libbpf.close(other);
      return undefined;
    }
    found.set(name, fd);
  }
  return found;
}

/** Creates maps, verifies and compiles programs. libbpf asks the verifier for words when it has refused a program, and stops there. */
function bringIn(libbpf: Libbpf, object: ObjectFile): void {
  const logs = object.programs.map(({ name, pointer }) => {
    const log = new Uint8Array(logBytes);
    check(libbpf.bpf_program__set_log_buf(pointer, log, BigInt(logBytes)), `setting the log of ${name}`);
    return { name, log };
  });
  const result = libbpf.bpf_object__load(object.pointer);
  for (const { pointer } of object.programs) libbpf.bpf_program__set_log_buf(pointer, null, 0n);
  if (result >= 0) return;
  const refused = logs.find(({ log }) => log[0] !== 0);
  if (refused !== undefined)
    throw refusal(refused.name, new TextDecoder().decode(refused.log.subarray(0, refused.log.indexOf(0))));
  throw new KernelError({
    kind: 'missing',
    message: `the eBPF object does not load: ${errnoName(-result)}; loading needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON`,
  });
}

/** The verifier's last line but its figures says what it did not like. */
function refusal(program: string, log: string): KernelError {
  const lines = log.trimEnd().split('\n');
  const last = lines.filter((line) => !line.startsWith('processed ')).at(-1) ?? '';
  const message = `the verifier refuses program ${program}: ${last}`;
  return new KernelError({ kind: 'refused', program, log, message });
}

/** Maps first: programs of this hash are taken for whole when they are found. */
function pinAll(
  libbpf: Libbpf,
  object: ObjectFile,
  { directory, pinned }: { directory: string; pinned: ReadonlyMap<MapName, number> },
): void {
  for (const map of object.maps) {
    if (pinned.has(map.name)) continue;
    const path = mapPath(directory, map);
    check(libbpf.bpf_obj_pin(libbpf.bpf_map__fd(map.pointer), path), `pinning ${path}`);
  }
  const final = programsPath(directory, object.hash);
  const work = `${final}-new`;
  removePins(work);
  removePins(final);
  mkdirSync(work, { mode: 0o700 });
  for (const { name, pointer } of object.programs)
    check(libbpf.bpf_obj_pin(libbpf.bpf_program__fd(pointer), join(work, name)), `pinning program ${name}`);
  renameSync(work, final);
}

/** Pins of other objects. Programs that are attached keep themselves and their maps. */
function removeStale(object: ObjectFile, directory: string): void {
  const programs = programsPath(directory, object.hash);
  for (const name of pinsIn(directory))
    if (name.startsWith(programsPrefix) && join(directory, name) !== programs)
      removePins(join(directory, name));
  const wanted = new Set(object.maps.map((map) => mapPath(directory, map)));
  for (const name of pinsIn(join(directory, 'maps'))) {
    const path = join(directory, 'maps', name);
    if (!wanted.has(path)) unlinkSync(path);
  }
}
