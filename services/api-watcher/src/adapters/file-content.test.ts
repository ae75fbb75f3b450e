import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RealPaths, readContent } from './file-content.ts';

let dir = '';

beforeEach(() => {
  dir = mkdtempSync(join(realpathSync(tmpdir()), 'file-content-'));
  mkdirSync(join(dir, 'real'));
  writeFileSync(join(dir, 'real', 'a.yaml'), 'a: b\n');
  symlinkSync('a.yaml', join(dir, 'real', 'link.yaml'));
  symlinkSync('real', join(dir, 'linked'));
  symlinkSync('loop.yaml', join(dir, 'loop.yaml'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function stampOf(path: string, realPaths?: RealPaths) {
  const content = readContent(path, realPaths === undefined ? {} : { realPaths });
  return typeof content === 'string' ? content : content.stamp;
}

test.each([
  'real/a.yaml',
  'real/link.yaml',
  'linked/a.yaml',
  'linked/link.yaml',
  'loop.yaml',
  'real',
  'gone/a.yaml',
])('one of many is told as one by itself: %s', (name) => {
  const realPaths = new RealPaths();
  for (const before of ['real/a.yaml', 'linked/a.yaml']) stampOf(join(dir, before), realPaths);
  const alone = stampOf(join(dir, name));
  expect(stampOf(join(dir, name), realPaths)).toEqual(alone);
  const isRead = !['loop.yaml', 'real', 'gone/a.yaml'].includes(name);
  expect(alone).toEqual(
    isRead ? expect.objectContaining({ realPath: join(dir, 'real', 'a.yaml') }) : expect.any(String),
  );
});
