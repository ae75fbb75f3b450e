import { readdirSync, readFileSync } from 'node:fs';

/** A process that cannot be mistaken for another: a process id alone is used again after its end. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Boot id and start time in clock ticks since boot (`/proc/<pid>/stat`, field 22). */
  readonly startTime: string;
}

let bootId: string | undefined;

function currentBoot(): string {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return bootId;
}

/** Who runs under this process id now; undefined where nobody does, or only the remains of an ended process. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The command name, in parentheses, may itself hold blanks and parentheses: fields count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const ticks = fields[19];
  if (state === undefined || ticks === undefined || state === 'Z' || state === 'X') return undefined;
  return { pid, startTime: `${currentBoot()}:${ticks}` };
}

/** The very process still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.startTime === identity.startTime;
}

/** Signals the very process, never a later one of the same id. False where it has ended. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** A process that carries a mark in its environment. */
export interface MarkedProcess {
  readonly identity: ProcessIdentity;
  /** Value of `SLUICE_PROCESS`. */
  readonly name: string;
}

/** All processes that a supervisor of this data directory started, found by the mark in their environment. */
export function findMarked(instanceId: string): MarkedProcess[] {
  const found: MarkedProcess[] = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const variables = environmentOf(pid);
    if (!variables.includes(`SLUICE_INSTANCE=${instanceId}`)) continue;
    const name = variables
      .find((variable) => variable.startsWith('SLUICE_PROCESS='))
      ?.slice('SLUICE_PROCESS='.length);
    const identity = identityOf(pid);
    if (name !== undefined && identity !== undefined) found.push({ identity, name });
  }
  return found;
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
