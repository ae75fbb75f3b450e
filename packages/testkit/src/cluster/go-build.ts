import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from './cache.ts';
import { inCheckout } from './checkout.ts';
import { goEnv, goUnavailable, goVersion } from './go.ts';
import { type GoProgramName, goPrograms } from './go-programs.ts';
import { longStep } from './progress.ts';

/**
 * Where a built program lies: its version and a hash over all that decides its content (module files, Go, flags) are in its name.
 * Nothing says that it is there.
 */
export function goProgramFile(name: GoProgramName, go: string | undefined): string {
  const { module, version } = goPrograms[name];
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'main.go']) {
    const path = inCheckout(module, file);
    if (existsSync(path)) hash.update(readFileSync(path));
  }
  hash.update(JSON.stringify([go, buildArgs(name)]));
  return join(cacheDir(), `${name}-${version}-${hash.digest('hex').slice(0, 16)}`);
}

/** Builds a program into the cache unless it is there: whole or not at all. To be called under the lock. @throws Error */
export async function buildGoProgram(name: GoProgramName): Promise<void> {
  const go = goVersion();
  const file = goProgramFile(name, go);
  if (existsSync(file)) return;
  const missing = goUnavailable(go);
  if (missing !== undefined) throw new Error(missing);
  const { module, package: path, version, cpuSeconds } = goPrograms[name];
  const partial = `${file}.${process.pid}`;
  const title = `building ${name} ${version}, once for this version (about ${cpuSeconds} CPU s if Go's cache is empty)`;
  try {
    await longStep(title, async () => {
      const args = ['-n', '19', 'go', ...buildArgs(name), '-o', partial, path];
      const child = spawn('nice', args, { cwd: inCheckout(module), env: goEnv(), stdio: ['ignore', 2, 2] });
      const [code] = (await once(child, 'exit')) as [number | null];
      if (code !== 0) throw new Error(`go ${buildArgs(name)[0]} ${path} failed: the reason is above`);
    });
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
}

function buildArgs(name: GoProgramName): readonly string[] {
  const { make, variables } = goPrograms[name];
  const linker = ['-s', '-w', ...variables.flatMap((variable) => ['-X', variable])].join(' ');
  const command = make === 'build' ? ['build'] : ['test', '-c'];
  return [...command, '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', linker];
}
