import { readFileSync } from 'node:fs';

/**
 * When a process was started, in clock ticks since boot (proc(5), field 22 of stat): with its id it names one process for ever, where an
 * id alone is given again. Undefined where there is no such process.
 */
export function startTicks(pid: number | 'self'): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in parentheses that may itself hold blanks and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
