import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTicks } from './processes.ts';

/** The name says whose it is: id and start of the process. */
const ownDir = /^sluice-cluster-(\d+)-(\d+)-/;

/** Makes the directory of a new cluster (mode 0700), and removes those whose process is gone: all that a killed run leaves. */
export function makeClusterDir(): string {
  removeLeftovers();
  return mkdtempSync(join(tmpdir(), `sluice-cluster-${process.pid}-${startTicks('self')}-`));
}

function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid, ticks] = ownDir.exec(name) ?? [];
    if (pid === undefined || startTicks(Number(pid)) === ticks) continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
