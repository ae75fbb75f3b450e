import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tempDir } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { mayLeadToFiles } from './file-listing.ts';

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
