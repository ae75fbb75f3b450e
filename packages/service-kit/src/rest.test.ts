import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { RestWatch } from './rest.ts';

const mib = 2 ** 20;

/** What so many looks say where so much is held. */
function looks(watch: RestWatch, held: number, count: number): boolean[] {
  return Array.from({ length: count }, () => watch.look(() => held * mib));
}

it('is due after some seconds without work, and not before', () => {
  const watch = new RestWatch();
  expect(looks(watch, 50, 7)).not.toContain(true);
  watch.worked();
  expect(looks(watch, 50, 7)).not.toContain(true);
  expect(looks(watch, 50, 1)).toEqual([true]);
});

it('is not due where little has grown', () => {
  const small = new RestWatch();
  small.tidied(100 * mib);
  expect(looks(small, 107, 20)).not.toContain(true);
  const large = new RestWatch();
  large.tidied(800 * mib);
  expect(looks(large, 840, 20)).not.toContain(true);
});

it('is due once for each load', () => {
  const watch = new RestWatch();
  expect(looks(watch, 100, 8)).toContain(true);
  watch.tidied(40 * mib);
  expect(looks(watch, 47, 20)).not.toContain(true);
  watch.worked();
  expect(looks(watch, 90, 8)).toEqual([...Array(7).fill(false), true]);
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
