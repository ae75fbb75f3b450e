import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** The folder of an installed dependency of this package. @throws Error when it is not installed. */
export function dependencyDir(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}

/** The buf binary of this platform's package; the install script that would only link to it is never run. */
function bufBinary(): string {
  const arch = process.arch === 'arm64' && process.platform === 'linux' ? 'aarch64' : process.arch;
  const fromBuf = createRequire(require.resolve('@bufbuild/buf/package.json'));
  return fromBuf.resolve(`@bufbuild/buf-${process.platform}-${arch}/bin/buf`);
}

/**
 * Generates js + d.ts for `roots` (paths below `protos`) and all that they import into `out`.
 * Needs no network: modules, plugin and template are all local.
 * @throws Error with buf's own words when a proto does not compile.
 */
export function generate({
  protos,
  roots,
  out,
}: {
  protos: string;
  roots: readonly string[];
  out: string;
}): void {
  const plugin = join(dependencyDir('@bufbuild/protoc-gen-es'), 'bin/protoc-gen-es');
  const template = {
    version: 'v2',
    plugins: [
      {
        local: [process.execPath, plugin],
        out,
        strategy: 'all',
        include_imports: true,
        opt: ['target=js+dts', 'import_extension=js'],
      },
    ],
  };
  const args = ['generate', protos, '--config', JSON.stringify({ version: 'v2', modules: [{ path: '.' }] })];
  args.push('--template', JSON.stringify(template));
  for (const root of roots) args.push('--path', join(protos, root));
  const run = spawnSync(bufBinary(), args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, BUF_CACHE_DIR: `${out}.cache`, BUF_CONFIG_DIR: `${out}.config` },
  });
  if (run.error) throw run.error;
  if (run.status !== 0)
    throw new Error(`buf generate ended with ${run.status ?? run.signal}:\n${run.stderr}`);
}
