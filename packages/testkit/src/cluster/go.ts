import { execFileSync, spawnSync } from 'node:child_process';

/** Go releases before this one cannot build the test cluster. */
export const minGo = { major: 1, minor: 26 } as const;

/** Settings under which everything is built: nothing of the user's own flags, no other toolchain than the one installed. */
export const goEnv = (): NodeJS.ProcessEnv => ({
  ...process.env,
  GOTOOLCHAIN: 'local',
  GOFLAGS: '',
  GOWORK: 'off',
  CGO_ENABLED: '0',
});

/** Like `go1.26.8 linux amd64`; undefined without a Go that runs. */
export function goVersion(): string | undefined {
  const run = spawnSync('go', ['env', 'GOVERSION', 'GOOS', 'GOARCH'], { env: goEnv(), encoding: 'utf8' });
  return run.status === 0 ? run.stdout.trim().split(/\s+/).join(' ') : undefined;
}

/** Why Go cannot build the programs, with the mend; undefined where it can. */
export function goUnavailable(version = goVersion()): string | undefined {
  const wanted = `Go ${minGo.major}.${minGo.minor} or newer is needed to build the API server`;
  if (version === undefined) return `${wanted}, and no \`go\` runs from PATH`;
  const found = /^(?:devel )?go(\d+)\.(\d+)/.exec(version);
  const [major, minor] = [Number(found?.[1]), Number(found?.[2])];
  if (major > minGo.major || (major === minGo.major && minor >= minGo.minor)) return undefined;
  return `${wanted}; here is ${version.split(' ')[0]}`;
}

/** The folder of a module in Go's module cache, downloaded if need be, as `moduleDir`'s go.mod and go.sum pin it. */
export function goModuleDir(module: string, moduleDir: string): string {
  const options = { cwd: moduleDir, env: goEnv(), encoding: 'utf8' } as const;
  execFileSync('go', ['mod', 'download', module], { ...options, stdio: ['ignore', 'ignore', 'inherit'] });
  return execFileSync('go', ['list', '-mod=readonly', '-m', '-f', '{{.Dir}}', module], options).trim();
}
