import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { RestWatch } from './rest.ts';

/** What so many looks say, at a CPU use of `cpuMs` in all. */
function looks(watch: RestWatch, cpuMs: number, count: number): boolean[] {
  return Array.from({ length: count }, () => watch.look(cpuMs));
}

it('is due after some seconds without work, and not before', () => {
  const watch = new RestWatch();
  expect(looks(watch, 5_000, 7)).not.toContain(true);
  watch.worked();
  expect(looks(watch, 5_000, 7)).not.toContain(true);
  expect(looks(watch, 5_000, 1)).toEqual([true]);
});

it('is not due where little was done', () => {
  expect(looks(new RestWatch(), 100, 20)).not.toContain(true);
});

it('is due once for each load', () => {
  const watch = new RestWatch();
  expect(looks(watch, 5_000, 8)).toContain(true);
  watch.tidied(5_100);
  expect(looks(watch, 5_200, 20)).not.toContain(true);
  watch.worked();
  expect(looks(watch, 9_000, 8)).toEqual([...Array(7).fill(false), true]);
});

it('gives memory back that V8 would hold', () => {
  const script = `
    import { collectAtRest } from ${JSON.stringify(import.meta.resolve('./rest.ts'))};
    const worked = collectAtRest();
    let load = [];
    const end = performance.now() + 800;
    while (performance.now() < end && load.length < 600_000) load.push({ text: 'x' + load.length });
    while (performance.now() < end);
    worked();
    const loaded = process.memoryUsage().heapUsed;
    load = [];
    const look = setInterval(() => {
      if (process.memoryUsage().heapUsed > loaded / 2) return;
      console.log('freed');
      clearInterval(look);
    }, 50);
    setTimeout(() => process.exit(), 18_000).unref();`;
  const out = execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  expect(out).toBe('freed\n');
});
