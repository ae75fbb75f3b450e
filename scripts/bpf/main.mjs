/**
 * Compiles the eBPF programs: each services/bpf-agent/bpf/<name>.bpf.c to build/<name>.bpf.o beside it, with BTF. Does nothing where
 * compiler, sources and options are those of last time. What is compiled depends on no kernel: the headers are Zig's.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, toolchain, zigDirectory } from '../bootstrap/paths.mjs';

const sources = join(root, 'services/bpf-agent/bpf');
const target = join(sources, 'build');
const noted = join(target, '.inputs');
const headers = join(zigDirectory, 'lib/libc/include');

const options = [
  '--target=bpfel-freestanding-none',
  '-mcpu=v3',
  '-std=gnu11',
  '-O2',
  '-g',
  // Zig would trap on what C leaves undefined, by calls that eBPF has not.
  '-fno-sanitize=all',
  '-fno-stack-protector',
  '-fno-asynchronous-unwind-tables',
  '-fno-unwind-tables',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-isystem',
  join(headers, 'any-linux-any'),
  '-isystem',
  join(headers, 'x86-linux-any'),
];

/** @param {RegExp} kind */
const filesLike = (kind) =>
  readdirSync(sources)
    .filter((name) => kind.test(name))
    .sort();

function hashOfInputs() {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  hash.update(readFileSync(join(root, 'scripts/toolchain/wheels/ziglang.txt')));
  for (const name of filesLike(/\.[ch]$/)) hash.update(`${name}\0`).update(readFileSync(join(sources, name)));
  return hash.digest('hex');
}

/** @param {string} source file name of a program */
function compile(source) {
  const object = join(target, source.replace(/\.c$/, '.o'));
  const temporary = `${object}.${process.pid}`;
  const args = ['cc', ...options, '-c', join(sources, source), '-o', temporary];
  const cache = join(toolchain, 'cache/zig');
  const env = { ...process.env, ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache };
  execFileSync(join(zigDirectory, 'zig'), args, { env, stdio: 'inherit', cwd: sources });
  renameSync(temporary, object);
  return object;
}

const inputs = hashOfInputs();
const programs = filesLike(/\.bpf\.c$/);
const isDone =
  existsSync(noted) &&
  readFileSync(noted, 'utf8') === inputs &&
  programs.every((name) => existsSync(join(target, name.replace(/\.c$/, '.o'))));
if (!isDone) {
  mkdirSync(target, { recursive: true });
  for (const name of programs) console.log(compile(name));
  writeFileSync(`${noted}.${process.pid}`, inputs);
  renameSync(`${noted}.${process.pid}`, noted);
}
