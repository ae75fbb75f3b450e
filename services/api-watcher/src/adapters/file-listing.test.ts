import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tempDir } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { compareNames, type KnownNames, listFiles, mayLeadToFiles } from './file-listing.ts';

test('what an editor puts beside a file while it saves it changes no listing; a directory or a link may', async () => {
  using dir = tempDir();
  writeFileSync(dir.file('.route.yaml.swp'), '');
  mkdirSync(dir.file('team'));
  mkdirSync(dir.file('..2026'));
  symlinkSync('..2026', dir.file('..data'));
  const dirs = new Map([dir.path, dir.file('gone')].map((path) => [path, 1n]));
  const answers = {
    '.route.yaml.swp': false,
    sedKx81: false,
    team: true,
    '..data': true,
    gone: true,
    // A watched directory tells of its own end under its own name.
    [dir.path.slice(dir.path.lastIndexOf('/') + 1)]: true,
  };
  for (const [name, answer] of Object.entries(answers))
    expect([name, mayLeadToFiles(dir.file(name), dirs)]).toEqual([name, answer]);
});

async function known(path: string): Promise<KnownNames> {
  const { files, dirs, unlisted } = await listFiles([{ path, label: '' }]);
  return {
    hasFile: (name) => files.has(name),
    fileCount: () => files.size,
    dirs,
    unlisted: new Set(unlisted.keys()),
  };
}

/** Whether nothing is new, and in how many steps that was found out. */
async function compared(path: string, names: KnownNames): Promise<{ same: boolean; steps: number }> {
  const check = compareNames([{ path, label: '' }], names);
  for (let steps = 1; ; steps += 1) {
    const { done, value } = await check.next();
    if (done === true) return { same: value, steps };
  }
}

test.for<[string, (at: (name: string) => string) => void, boolean]>([
  ['nothing', () => {}, true],
  ['an edit', (at) => writeFileSync(at('team/a.yaml'), 'b'), true],
  ['a hidden file', (at) => writeFileSync(at('.b.yaml'), ''), true],
  ['a new file', (at) => writeFileSync(at('team/b.yaml'), ''), false],
  ['a file that is gone', (at) => rmSync(at('team/a.yaml')), false],
  ['a new name', (at) => renameSync(at('team/a.yaml'), at('team/b.yaml')), false],
  ['a new directory', (at) => mkdirSync(at('other')), false],
  [
    'another directory of the same name',
    (at) => {
      renameSync(at('team'), at('.old'));
      mkdirSync(at('team'));
      writeFileSync(at('team/a.yaml'), '');
    },
    false,
  ],
  [
    'a link that leads nowhere now',
    (at) => {
      renameSync(at('team/a.yaml'), at('.a'));
      symlinkSync('gone', at('team/a.yaml'));
    },
    false,
  ],
])('names are the known ones after %s: as expected', async ([, change, same]) => {
  using dir = tempDir();
  mkdirSync(dir.file('team'));
  writeFileSync(dir.file('team/a.yaml'), '');
  const names = await known(dir.path);
  change((name) => dir.file(name));
  expect((await compared(dir.path, names)).same).toBe(same);
});

test('many names are compared some at a time', async () => {
  using dir = tempDir();
  for (let i = 0; i < 1000; i += 1) writeFileSync(dir.file(`${i}.yaml`), '');
  const { same, steps } = await compared(dir.path, await known(dir.path));
  expect(same).toBe(true);
  expect(steps).toBeGreaterThanOrEqual(4);
});
