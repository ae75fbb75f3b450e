import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { zigDirectory } from './paths.mjs';
import { longStep } from './progress.mjs';
import { withWheel } from './tools.mjs';

/** What of Zig is needed to build C for Linux and for BPF; the rest is 150 MB of other systems' headers and sources. */
const headers = /^(any-linux-any|generic-(glibc|musl)|(x86_64|x86|aarch64)-linux-(any|gnu))$/;
const sources = /^(include|glibc|musl)$/;
const unused = ['libcxx', 'libcxxabi', 'libtsan', 'docs', 'build-web'];

/** @param {string} directory @param {RegExp} kept */
function keepOnly(directory, kept) {
  for (const name of readdirSync(directory))
    if (!kept.test(name)) rmSync(join(directory, name), { recursive: true });
}

/** Zig with its C compiler, as `.toolchain/zig`: it builds libbpf and the eBPF programs, and nothing else runs it. */
export async function installZig() {
  await longStep('fetching zig', () =>
    withWheel('ziglang', (files) => {
      const zig = join(files, 'ziglang');
      keepOnly(join(zig, 'lib/libc'), sources);
      keepOnly(join(zig, 'lib/libc/include'), headers);
      for (const name of unused) rmSync(join(zig, 'lib', name), { recursive: true, force: true });
      chmodSync(join(zig, 'zig'), 0o755);
      rmSync(zigDirectory, { recursive: true, force: true });
      mkdirSync(dirname(zigDirectory), { recursive: true });
      renameSync(zig, zigDirectory);
    }),
  );
}
