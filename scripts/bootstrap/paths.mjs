import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where everything that is fetched lies; git-ignored, and safe to delete as a whole. */
export const toolchain = join(root, '.toolchain');

/** `.toolchain/bin`: node, pnpm, nats-server and envoy, whichever way each was got. */
export const bin = join(toolchain, 'bin');

/** The pins: package-lock.json and pip requirement files, all with hashes. */
export const pins = join(root, 'scripts/toolchain');

/** Work in progress; emptied when a set-up begins. */
export const temporary = join(toolchain, 'tmp');

/** The C compiler of the eBPF programs and of libbpf, with its headers. */
export const zigDirectory = join(toolchain, 'zig');

/** `libbpf.so`, which needs the C library alone, or `origin.txt` which says why it is not there. */
export const libbpfDirectory = join(toolchain, 'libbpf');
