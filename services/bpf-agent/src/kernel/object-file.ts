// What an object file declares, before anything of it is in the kernel; reading it needs no privilege.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mapTypes } from '../core/btf/map-types.ts';
import { KernelError, type MapName } from '../core/kernel-port.ts';
import { desiredMapNames } from '../core/maps/desired-map-names.ts';
import { type Libbpf, type Pointer, present } from './libbpf.ts';
import { shortHash } from './pin-directory.ts';

export interface DeclaredProgram {
  readonly pointer: Pointer;
  readonly name: string;
  /** E.g. `cgroup/connect4`. */
  readonly section: string;
  /** `enum bpf_attach_type` of linux/bpf.h. */
  readonly attachType: number;
}

export interface DeclaredMap {
  readonly pointer: Pointer;
  readonly name: MapName;
  readonly type: number;
  /** Hash of all by which a pinned map may or may not be used on. */
  readonly shape: string;
}

/** An object file, opened by libbpf. */
export interface ObjectFile {
  readonly pointer: Pointer;
  /** SHA-256 of the file and of the sizes asked for, hexadecimal. */
  readonly hash: string;
  readonly programs: readonly DeclaredProgram[];
  readonly maps: readonly DeclaredMap[];
}

/** The most entries of maps, in place of those in lb_consts.h. */
export type MapSizes = Readonly<Partial<Record<MapName, number>>>;

/**
 * Rows of these maps name each other, and programs that are attached go on with those that they have: so they are used on together, or
 * not at all.
 */
const isFromLog = ({ name }: DeclaredMap): boolean => desiredMapNames.some((one) => one === name);

function* each(first: (previous: Pointer | null) => Pointer | null): Generator<Pointer> {
  for (let found = first(null); found !== null; found = first(found)) yield found;
}

/**
 * @param file path of the object
 * @throws KernelError `missing` where the file cannot be read; `failed` where libbpf does not take it
 */
export function openObject(libbpf: Libbpf, file: string, sizes: MapSizes = {}): ObjectFile {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (fault) {
    const reason = fault instanceof Error ? fault.message : String(fault);
    throw new KernelError({ kind: 'missing', message: `no eBPF object: ${reason}; run \`npm run bpf\`` });
  }
  const types = mapTypes(bytes);
  const pointer = present(libbpf.bpf_object__open_file(file, null), `opening ${file}`);
  const maps: DeclaredMap[] = [];
  for (const map of each((previous) => libbpf.bpf_object__next_map(pointer, previous))) {
    if (libbpf.bpf_map__is_internal(map)) continue;
    const name = libbpf.bpf_map__name(map) as MapName;
    const size = sizes[name];
    if (size !== undefined) libbpf.bpf_map__set_max_entries(map, size);
    const type = libbpf.bpf_map__type(map);
    const shape = JSON.stringify([
      type,
      libbpf.bpf_map__key_size(map),
      libbpf.bpf_map__value_size(map),
      libbpf.bpf_map__max_entries(map),
      libbpf.bpf_map__map_flags(map),
      types.get(name) ?? null,
    ]);
    maps.push({ pointer: map, name, type, shape: shortHash(shape) });
  }
  const shared = shortHash(
    maps
      .filter(isFromLog)
      .map(({ shape }) => shape)
      .join(),
  );
  const programs = [...each((previous) => libbpf.bpf_object__next_program(pointer, previous))].map(
    (program) => ({
      pointer: program,
      name: libbpf.bpf_program__name(program),
      section: libbpf.bpf_program__section_name(program),
      attachType: libbpf.bpf_program__expected_attach_type(program),
    }),
  );
  const hash = createHash('sha256')
    .update(bytes)
    .update(maps.map(({ shape }) => shape).join())
    .digest('hex');
  return {
    pointer,
    hash,
    programs,
    maps: maps.map((map) => (isFromLog(map) ? { ...map, shape: shared } : map)),
  };
}
