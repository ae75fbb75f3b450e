import { readdirSync, readFileSync } from 'node:fs';

/** A process that belongs to an instance. */
export interface Leftover {
  readonly pid: number;
  readonly command: string;
}

/**
 * All processes but this one whose command line or environment names `path`: whoever started them, and whatever they
 * are called. `path` must be unique to the test, such as its temporary directory.
 */
export function processesNaming(path: string): Leftover[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .flatMap((pid) => {
      const command = read(`/proc/${pid}/cmdline`);
      // The remains of an ended process have no command line.
      if (command === '') return [];
      const names = command.includes(path) || read(`/proc/${pid}/environ`).includes(path);
      return names ? [{ pid, command: command.replaceAll('\0', ' ').trim() }] : [];
    });
}

/** SIGKILL to each of them; those that have ended meanwhile do not matter. */
export function killAll(leftovers: readonly Leftover[]): void {
  for (const { pid } of leftovers) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
