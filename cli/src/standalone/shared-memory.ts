// The memory that the Envoys of an instance share while one hands over to the next: a file that Envoy makes at its start from nothing, and leaves.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from './layout.ts';

/** Where Envoy writes down the id by which its successor finds it (`--base-id-path`). */
export function baseIdFile({ run }: Pick<Layout, 'run'>): string {
  return join(run, 'envoy.base-id');
}

/** The file of that memory, whether it is there or not; undefined where no Envoy was started yet. Its name: Envoy's `hot_restart_impl.cc`. */
export function sharedMemoryFile(layout: Pick<Layout, 'run'>): string | undefined {
  const file = baseIdFile(layout);
  const id = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  return /^\d{1,10}$/.test(id) ? `/dev/shm/envoy_shared_memory_${Number(id) * 10}` : undefined;
}

/** Removes what ended Envoys of an instance left in memory. Nothing is done while any process has it, or may have it, in use. */
export function removeSharedMemory(layout: Pick<Layout, 'run'>): void {
  const file = sharedMemoryFile(layout);
  if (file === undefined || !existsSync(file) || isInUse(file)) return;
  try {
    rmSync(file, { force: true });
    rmSync(baseIdFile(layout), { force: true });
  } catch {
    // It belongs to another user: Envoy was somebody else's.
  }
}

function isInUse(file: string): boolean {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return pids.some((pid) => maps(pid, file));
}

function maps(pid: string, file: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8').includes(`${file}\n`);
  } catch (error) {
    // What an Envoy has that may not be looked into is not known.
    return (error as NodeJS.ErrnoException).code === 'EACCES' && nameOf(pid) === 'envoy';
  }
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}
