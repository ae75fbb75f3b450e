import { join } from 'node:path';
import type { CliConfig } from '../config.ts';
import { type FoundInstance, readInstance, runningInstances } from './instance.ts';
import { UserError } from './settings.ts';

/** The data directory of an `up` that names none. */
export function defaultDataDir(config: CliConfig): string {
  return config.dataDir ?? join(config.stateHome, 'sluice');
}

/**
 * The instance that a command means: that of `dataDir`, else of SLUICE_DATA_DIR, else the only one that runs.
 * @throws UserError where there is none, it does not run, or several run
 */
export function findInstance(config: CliConfig, dataDir: string | undefined): FoundInstance {
  const named = dataDir ?? config.dataDir;
  if (named !== undefined) {
    const found = readInstance(config, named);
    if (found === undefined)
      throw new UserError(
        `no instance has ever run on ${named}`,
        `\`sluice up DIR --data-dir ${named}\` starts one`,
      );
    if (!found.supervisorAlive && found.alive.length === 0)
      throw new UserError(
        `the instance in ${named} does not run`,
        `\`sluice up DIR --data-dir ${named}\` starts it`,
      );
    return found;
  }
  const running = runningInstances(config);
  const [only, ...more] = running;
  if (only === undefined) throw new UserError('no instance runs', '`sluice up DIR` starts one');
  if (more.length === 0) return only;
  const list = running
    .map(({ layout, instance }) => `${layout.root} (pid ${instance.supervisor.pid})`)
    .join(', ');
  throw new UserError(`${running.length} instances run: ${list}`, 'say which one with --data-dir');
}
