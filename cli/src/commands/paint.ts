import type { Terminal } from '../output/terminal.ts';

const good: ReadonlySet<string> = new Set(['True', 'ok', 'ready', 'connected', 'in-force']);
const bad: ReadonlySet<string> = new Set(['False', 'fail', 'stopped', 'disconnected', 'faulty']);
const doubtful: ReadonlySet<string> = new Set([
  'Unknown',
  'warn',
  'unready',
  'restarting',
  'silent',
  'starting',
  'waiting',
]);

/** Colours the words of a state: green for good, red for bad, yellow for what may change. All else stays as it is. */
export function paintStatus(colors: Terminal['colors'], cell: string): string {
  if (good.has(cell)) return colors.green(cell);
  if (bad.has(cell)) return colors.red(cell);
  return doubtful.has(cell) ? colors.yellow(cell) : cell;
}
