import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The programs that tests start. */
export type Tool = 'nats-server' | 'envoy';

/**
 * Absolute path of a program: in `.toolchain/bin` of the checkout (found by walking up from here), else on PATH.
 * @throws Error that says how to get it
 */
export function toolPath(tool: Tool): string {
  const found = [...toolchainDirs(), ...(process.env.PATH ?? '').split(delimiter)]
    .map((dir) => join(dir, tool))
    .find(isExecutable);
  if (found === undefined)
    throw new Error(
      `${tool} is neither in .toolchain/bin nor on PATH: run \`npm start\` once, it fetches the pinned toolchain`,
    );
  return found;
}

/** True where `toolPath` would find it. */
export function hasTool(tool: Tool): boolean {
  try {
    return toolPath(tool) !== '';
  } catch {
    return false;
  }
}

function toolchainDirs(): string[] {
  const dirs: string[] = [];
  let dir = dirname(fileURLToPath(import.meta.url));
  while (dirname(dir) !== dir) {
    dirs.push(join(dir, '.toolchain', 'bin'));
    dir = dirname(dir);
  }
  return dirs;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
