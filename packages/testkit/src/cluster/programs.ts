import { existsSync } from 'node:fs';
import {
  type DebianProgramName,
  debianProgramFile,
  debianUnavailable,
  isDebianProgramName,
} from './debian.ts';
import { gatewayApiCrdsDir } from './gateway-api-crds.ts';
import { goUnavailable, goVersion } from './go.ts';
import { goProgramFile } from './go-build.ts';
import type { GoProgramName } from './go-programs.ts';
import { prepareLocked } from './locked.ts';

/** A program of the test cluster, or the directory of the Gateway API's CRDs. */
export type ProgramName = GoProgramName | DebianProgramName | 'gateway-api-crds';

/**
 * Absolute paths of programs by name; what is not in the cache is built or fetched first, with progress lines on standard error (the API
 * server: about 7 minutes on two idle cores, once for each version).
 * @throws Error with the reason where that is impossible
 */
export async function ensurePrograms<N extends ProgramName>(names: readonly N[]): Promise<Record<N, string>> {
  const files = locate(names);
  if (names.some((name) => !existsSync(files[name]))) await prepareLocked(names);
  return locate(names);
}

/** Why one of the programs is neither there nor can be made; undefined where all is well. */
export function programsUnavailable(names: readonly ProgramName[]): string | undefined {
  const files = locate(names);
  return names
    .filter((name) => !existsSync(files[name]))
    .map((name) => (isDebianProgramName(name) ? debianUnavailable(name) : goUnavailable()))
    .find((reason) => reason !== undefined);
}

function locate<N extends ProgramName>(names: readonly N[]): Record<N, string> {
  const go = goVersion();
  const fileOf = (name: ProgramName): string => {
    if (name === 'gateway-api-crds') return gatewayApiCrdsDir();
    return isDebianProgramName(name) ? debianProgramFile(name) : goProgramFile(name, go);
  };
  return Object.fromEntries(names.map((name) => [name, fileOf(name)])) as Record<N, string>;
}
