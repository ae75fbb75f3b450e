import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

/** Prints how often the main thread of a process with a registry went to sleep within a second without work. */
const program = `
  import { readFileSync } from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  import { createRegistry } from ${JSON.stringify(new URL('./metrics.ts', import.meta.url).href)};
  const sleeps = () => Number(/^voluntary_ctxt_switches:\\s*(\\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  createRegistry('unit', '1.2.3');
  await setTimeout(300);
  const before = sleeps();
  await setTimeout(1000);
  console.log(sleeps() - before);
`;

describe('a registry', () => {
  it('wakes no process that rests', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '--eval',
      program,
    ]);
    expect(Number(stdout)).toBeLessThan(20);
  });
});
