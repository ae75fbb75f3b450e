import { mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bundlesFile, freshBundles, hashOfSources } from './fresh.mjs';

let root: string;

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** Writes the stamp and dates it after everything, or at a time, milliseconds since 1970. */
function stamp(timeMs = Date.now() + 1): void {
  write(
    bundlesFile,
    JSON.stringify({ inputs: '', entries: { translator: 'services/translator/build/1/main.js' } }),
  );
  utimesSync(join(root, bundlesFile), timeMs / 1_000, timeMs / 1_000);
}

/** Whether bundles that were made of all before may run after a change. */
function isFreshAfter(change: () => void): boolean {
  const made = Date.now() + 5;
  stamp(made);
  // File systems date a change with a clock that may be late by a tick.
  while (Date.now() < made + 25);
  change();
  return freshBundles(root).size > 0;
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bundles-'));
  write('pnpm-lock.yaml', '');
  write('scripts/bundle/main.mjs', '');
  write('cli/src/main.ts', '');
  write('packages/ir/package.json', '{}');
  write('packages/ir/src/key.ts', '');
  write('services/translator/src/main.ts', '');
  write('services/translator/src/core/index.ts', '');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('without a stamp there is nothing to run; a new one names the file', () => {
  expect(freshBundles(root).size).toBe(0);
  stamp();
  expect(freshBundles(root).get('translator')).toBe(join(root, 'services/translator/build/1/main.js'));
});

test('nothing, or what no bundle is made of, changed: bundles run', () => {
  expect(isFreshAfter(() => {})).toBe(true);
  expect(isFreshAfter(() => write('docs/guide.md', 'changed'))).toBe(true);
});

test.each([
  ['an edit', () => write('packages/ir/src/key.ts', 'changed')],
  ['a new file', () => write('services/translator/src/core/new.ts', '')],
  ['a file that is gone', () => unlinkSync(join(root, 'services/translator/src/core/index.ts'))],
  [
    'an old file in the place of another',
    () => {
      write('old.ts', 'old');
      utimesSync(join(root, 'old.ts'), 1, 1);
      renameSync(join(root, 'old.ts'), join(root, 'packages/ir/src/key.ts'));
    },
  ],
  ['other dependencies', () => write('pnpm-lock.yaml', 'changed')],
  ['another manifest', () => write('packages/ir/package.json', '{"exports":{}}')],
])('%s: no bundle may run', (_what, change) => {
  expect(isFreshAfter(change)).toBe(false);
});

test.each([
  ['a test', () => write('packages/ir/src/key.test.ts', 'changed')],
  ['a golden', () => write('packages/ir/testdata/key.out.yaml', 'changed')],
  ['the guides', () => write('docs/guide.md', 'changed')],
])('%s: the hash of the sources stays', (_what, change) => {
  const before = hashOfSources(root);
  change();
  expect(hashOfSources(root)).toBe(before);
});

test('the hash tells each edit and each name', () => {
  const before = hashOfSources(root);
  write('packages/ir/src/key.ts', 'changed');
  const edited = hashOfSources(root);
  renameSync(join(root, 'packages/ir/src/key.ts'), join(root, 'packages/ir/src/keys.ts'));
  expect(new Set([before, edited, hashOfSources(root)]).size).toBe(3);
});
