import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tempDir, until } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { DirectoryWatch } from './directory-watch.ts';

test('a file that was renamed over another is told from one that was written, or removed and made anew', async () => {
  using dir = tempDir();
  const path = dir.file('a.yaml');
  writeFileSync(path, '1');
  const told: { path: string | undefined; moved: boolean }[] = [];
  const watch = new DirectoryWatch((at, moved) => told.push({ path: at, moved: moved() }));
  expect(watch.sync(new Map([[dir.path, statSync(dir.path, { bigint: true }).ino]]))).toBe(0);
  const after = async (change: () => void): Promise<boolean | undefined> => {
    told.length = 0;
    change();
    const end = dir.file('end');
    writeFileSync(end, '');
    await until(() => told.some((hint) => hint.path === end));
    rmSync(end);
    await until(() => told.filter((hint) => hint.path === end && !hint.moved).length > 1);
    return told.findLast((hint) => hint.path === path)?.moved;
  };
  const replace = (): void => {
    writeFileSync(dir.file('.new'), '2');
    renameSync(dir.file('.new'), path);
  };
  expect(await after(replace)).toBe(true);
  expect(await after(() => writeFileSync(path, '3'))).toBe(false);
  const anew = (): void => {
    rmSync(path);
    writeFileSync(path, '4');
  };
  expect(await after(anew)).toBe(false);
  watch.close();
});
