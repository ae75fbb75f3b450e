import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createMemoryLog } from '@sluice/event-log';
import { tempDir, until } from '@sluice/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { manifestOf, namesIn, startWatcher } from './watcher.fixture.ts';

const file = fc.constantFrom('a.yaml', 'b.yaml', 'sub/c.yaml', 'sub/d.yml', 'e.json');
const names = fc.uniqueArray(fc.constantFrom('one', 'two', 'three', 'four', 'five'), { maxLength: 4 });
const port = fc.integer({ min: 1, max: 9 });
const edit = fc.oneof(
  fc.record({ do: fc.constant('write' as const), file, names, port }),
  fc.record({ do: fc.constant('replace' as const), file, names, port }),
  fc.record({ do: fc.constant('cut' as const), file, names, port }),
  fc.record({ do: fc.constant('break' as const), file, names, port }),
  fc.record({ do: fc.constant('move' as const), file, to: file }),
  fc.record({ do: fc.constant('delete' as const), file }),
);
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function apply(at: (name: string) => string, step: Edit): void {
  const path = at(step.file);
  const text = 'names' in step ? step.names.map((n) => manifestOf(n, step.port)).join('---\n') : '';
  switch (step.do) {
    case 'write':
      writeFileSync(path, text);
      break;
    case 'replace':
      writeFileSync(`${path}.tmp`, text);
      renameSync(`${path}.tmp`, path);
      break;
    case 'cut':
      writeFileSync(path, text.slice(0, Math.floor(text.length / 2)));
      writeFileSync(path, text);
      break;
    case 'break':
      writeFileSync(path, 'kind: [');
      writeFileSync(path, text);
      break;
    case 'move':
      try {
        renameSync(path, at(step.to));
      } catch {}
      break;
    case 'delete':
      rmSync(path, { force: true });
      break;
  }
}

test('after any edits, what is in force is what a fresh start would read', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(edit, { minLength: 1, maxLength: 12 }),
      fc.array(fc.boolean()),
      async (steps, pauses) => {
        using dir = tempDir();
        mkdirSync(dir.file('sub'));
        symlinkSync('a.yaml', dir.file('link.txt'));
        const log = createMemoryLog();
        await using live = await startWatcher({ log, dir: dir.path, stillMs: 30 });
        await live.listed;
        for (const [i, step] of steps.entries()) {
          apply((name) => dir.file(name), step);
          if (pauses[i] === true) await new Promise(setImmediate);
        }
        const fresh = createMemoryLog();
        await using other = await startWatcher({ log: fresh, dir: dir.path, stillMs: 30 });
        await other.listed;
        const wanted = namesIn(other.facts);
        await until(() => JSON.stringify(namesIn(live.facts)) === JSON.stringify(wanted), {
          message: () => `${JSON.stringify(wanted)}, not ${JSON.stringify(namesIn(live.facts))}`,
        });
        expect(live.failed()).toBeUndefined();
      },
    ),
    { numRuns: 15 },
  );
}, 120_000);
