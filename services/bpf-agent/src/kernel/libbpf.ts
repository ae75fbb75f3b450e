// libbpf and a few functions of the C library as typed functions; the one place that imports koffi. Two rules hold for all calls: they
// are synchronous (an asynchronous one of koffi does not keep its buffers alive), and no pointer is NULL where libbpf would follow it
// (that ends the process).
import { existsSync } from 'node:fs';
import koffi from 'koffi';
import { KernelError } from '../core/kernel-port.ts';
import { errnoName } from './errno.ts';

declare const brand: unique symbol;
/** An address in memory, never 0. */
export type Pointer<Of extends string = string> = bigint & { readonly [brand]: Of };

type Native = (...values: readonly unknown[]) => unknown;

/** What C takes, by one letter each: pointer that must not be NULL, pointer, integers, text, buffer (also null). */
const types = {
  P: 'void *',
  p: 'void *',
  i: 'int',
  u: 'uint32_t',
  l: 'uint64_t',
  s: 'str',
  b: 'void *',
  B: 'bool',
  v: 'void',
} as const;
type Letter = keyof typeof types;

/** Name of each function with its result and arguments. */
const libbpfFunctions = {
  libbpf_version_string: 's',
  libbpf_set_print: 'p p',
  libbpf_num_possible_cpus: 'i',
  libbpf_find_vmlinux_btf_id: 'i s i',
  bpf_object__open_file: 'p s b',
  bpf_object__load: 'i P',
  bpf_object__close: 'v P',
  bpf_object__next_program: 'p P p',
  bpf_program__name: 's P',
  bpf_program__section_name: 's P',
  bpf_program__expected_attach_type: 'i P',
  bpf_program__fd: 'i P',
  bpf_program__set_log_buf: 'i P b l',
  bpf_object__next_map: 'p P p',
  bpf_map__name: 's P',
  bpf_map__type: 'i P',
  bpf_map__key_size: 'u P',
  bpf_map__value_size: 'u P',
  bpf_map__max_entries: 'u P',
  bpf_map__map_flags: 'u P',
  bpf_map__is_internal: 'B P',
  bpf_map__set_max_entries: 'i P u',
  bpf_map__reuse_fd: 'i P i',
  bpf_map__fd: 'i P',
  bpf_obj_get: 'i s',
  bpf_obj_pin: 'i i s',
  bpf_obj_get_info_by_fd: 'i i b b',
  bpf_map_create: 'i i s u u u b',
  bpf_map_update_elem: 'i i b b l',
  bpf_map_lookup_elem: 'i i b b',
  bpf_map_update_batch: 'i i b b b b',
  bpf_map_delete_batch: 'i i b b b',
  bpf_map_lookup_batch: 'i i b b b b b b',
  bpf_prog_load: 'i i s s b l b',
  bpf_prog_test_run_opts: 'i i b',
  bpf_prog_query: 'i i i u b b b',
  bpf_link_create: 'i i i i b',
  bpf_link_update: 'i i i b',
  bpf_link_detach: 'i i',
  bpf_tc_hook_create: 'i b',
  bpf_tc_attach: 'i b b',
  bpf_tc_detach: 'i b b',
} as const;
const libcFunctions = {
  close: 'i i',
  if_nametoindex: 'u s',
  mmap: 'p p l i i i l',
  munmap: 'i P l',
  mount: 'i s s s l p',
  prctl: 'i i l l l l',
} as const;

type Value<L extends string> = L extends 'P'
  ? Pointer
  : L extends 'p'
    ? Pointer | null
    : L extends 'i' | 'u'
      ? number
      : L extends 'l'
        ? bigint
        : L extends 's'
          ? string
          : L extends 'b'
            ? Uint8Array | null
            : L extends 'B'
              ? boolean
              : undefined;
type Values<S extends string> = S extends `${infer L} ${infer Rest}`
  ? [Value<L>, ...Values<Rest>]
  : S extends ''
    ? []
    : [Value<S>];
type Call<S extends string> = S extends `${infer R} ${infer A}`
  ? (...values: Values<A>) => Value<R>
  : () => Value<S>;
type Calls<F extends Readonly<Record<string, string>>> = { readonly [Name in keyof F]: Call<F[Name]> };

/** libbpf and libc, loaded. */
export type Libbpf = Calls<typeof libbpfFunctions> & Calls<typeof libcFunctions>;

const isLetter = (text: string): text is Letter => text in types;

function bind(library: ReturnType<typeof koffi.load>, name: string, signature: string): Native {
  const [result = 'v', ...parameters] = signature.split(' ').filter(isLetter);
  const call: Native = library.func(
    name,
    types[result],
    parameters.map((letter) => types[letter]),
  );
  const required = parameters.flatMap((letter, index) => (letter === 'P' ? [index] : []));
  return (...values) => {
    for (const index of required)
      if (typeof values[index] !== 'bigint' || values[index] === 0n)
        throw new KernelError({
          kind: 'failed',
          errno: 22,
          message: `${name}: argument ${index + 1} is no pointer`,
        });
    return call(...values);
  };
}

const bindAll = (library: ReturnType<typeof koffi.load>, functions: Readonly<Record<string, string>>) =>
  Object.entries(functions).map(([name, signature]) => [name, bind(library, name, signature)] as const);

/** Where libbpf may be, the first that is there is taken; a name without a slash is looked for by the dynamic linker. */
function load(paths: readonly string[]): ReturnType<typeof koffi.load> {
  const reasons: string[] = [];
  for (const path of paths) {
    if (path.includes('/') && !existsSync(path)) continue;
    try {
      return koffi.load(path);
    } catch (fault) {
      reasons.push(fault instanceof Error ? fault.message : String(fault));
    }
  }
  throw new KernelError({
    kind: 'missing',
    message: `no libbpf 1.x: ${reasons.join('; ') || 'none is there'}; run \`npm run setup\`, or on Debian: apt-get install libbpf1`,
  });
}

/**
 * @param paths of libbpf, the best one first
 * @throws KernelError `missing` where there is none
 */
export function openLibbpf(paths: readonly string[]): Libbpf {
  const bound = Object.fromEntries([
    ...bindAll(load(paths), libbpfFunctions),
    ...bindAll(koffi.load('libc.so.6'), libcFunctions),
  ]) as unknown as Libbpf;
  // libbpf writes to standard error otherwise; what it found is in the results and in the verifier's log
  bound.libbpf_set_print(null);
  return bound;
}

/** The address of a buffer, for a field of a struct. The buffer has to be kept until the call is over. */
export const addressOf = (buffer: Uint8Array | undefined): bigint =>
  buffer === undefined || buffer.byteLength === 0 ? 0n : koffi.address(buffer);

/** The memory at `pointer` itself. It must not be looked at after it is given back. */
export const memoryAt = (pointer: Pointer, size: number): Uint8Array =>
  new Uint8Array(koffi.view(pointer, size));

/** `errno` of the last call. */
export const lastErrno = (): number => koffi.errno();

/**
 * The result of a call where it is none below zero.
 * @throws KernelError `failed` with what was tried otherwise
 */
export function check(result: number, what: string): number {
  if (result >= 0) return result;
  throw failed(-result, what);
}

/** The pointer that a call gave. @throws KernelError `failed` where it gave none */
export function present(pointer: Pointer | null, what: string): Pointer {
  if (pointer === null || pointer === 0n) throw failed(lastErrno(), what);
  return pointer;
}

export const failed = (number: number, what: string): KernelError =>
  new KernelError({ kind: 'failed', errno: number, message: `${what}: ${errnoName(number)}` });
