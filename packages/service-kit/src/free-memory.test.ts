import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { z } from 'zod';

const measured = z.object({ held: z.number(), given: z.boolean(), left: z.number() });

it('gives back what small pieces that are still used keep in the heap of the C library', () => {
  const script = `
    import { freeMemory } from ${JSON.stringify(import.meta.resolve('./free-memory.ts'))};
    await freeMemory();
    const mebibytes = () => process.memoryUsage.rss() / 2 ** 20;
    const before = mebibytes();
    const pieces = Array.from({ length: 80_000 }, () => Buffer.allocUnsafeSlow(1_000).fill(1));
    // The last of them, too, which lies at the end of the heap.
    const used = pieces.filter((_, i) => i % 100 === 99);
    pieces.length = 0;
    gc();
    gc();
    const held = mebibytes() - before;
    const given = await freeMemory();
    console.log(JSON.stringify({ held, given, left: mebibytes() - before, used: used.length }));`;
  const out = execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' },
  });
  const { held, given, left } = measured.parse(JSON.parse(out));
  expect(held).toBeGreaterThan(40);
  expect(given).toBe(true);
  expect(left).toBeLessThan(held - 30);
});
