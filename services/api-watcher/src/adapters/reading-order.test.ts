import fs, { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { createLogger } from '@sluice/service-kit';
import { type TempDir, tempDir } from '@sluice/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SourcePart } from '../core/source.ts';
import { DirectorySource } from './directory-source.ts';
import { referredFirst } from './reading-order.ts';
import { manifestOf } from './watcher.fixture.ts';

const routeOf = (name: string): string =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: ${name}}\nspec: {}\n`;

let dir: TempDir;
let abort: AbortController;

beforeEach(() => {
  dir = tempDir();
  abort = new AbortController();
});
afterEach(() => {
  abort.abort();
  dir[Symbol.dispose]();
});

const logger = createLogger({ service: 'api-watcher', version: '0', replica: 'test', level: 'silent' });
const updatesOf = () => new DirectorySource({ paths: [dir.path], logger }).updates(abort.signal);

/** How often each file under the directory is opened while `work` is done. */
async function countOpened(work: () => Promise<void>): Promise<Map<string, number>> {
  const opened = new Map<string, number>();
  const { openSync } = fs;
  fs.openSync = (path, ...rest) => {
    if (String(path).startsWith(dir.path)) opened.set(String(path), (opened.get(String(path)) ?? 0) + 1);
    return openSync(path, ...rest);
  };
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    fs.openSync = openSync;
    syncBuiltinESMExports();
  }
  return opened;
}

test('what is referred to goes first, each file with its content', async () => {
  writeFileSync(dir.file('a.yaml'), routeOf('a'));
  writeFileSync(dir.file('b.yaml'), manifestOf('b', 1));
  const long = `${routeOf('c')}# ${'x'.repeat(20_000)}\n`;
  writeFileSync(dir.file('c.yaml'), long);
  mkdirSync(dir.file('d.yaml'));
  const order = await referredFirst(
    ['a', 'b', 'c', 'd', 'e'].map((name) => [name, dir.file(`${name}.yaml`)]),
  );
  const texts = order.map(({ name, content }) => [name, content && Buffer.from(content.bytes).toString()]);
  expect(texts).toEqual([
    ['b', manifestOf('b', 1)],
    ['c', undefined],
    ['d', undefined],
    ['e', undefined],
    ['a', routeOf('a')],
  ]);
});

test('a file of a long list is opened once', async () => {
  for (let i = 0; i < 1_024; i++) writeFileSync(dir.file(`r${i}.yaml`), routeOf(`r${i}`));
  const opened = await countOpened(async () => {
    for await (const update of updatesOf()) if (update.isPiece !== true) break;
  });
  expect(opened.size).toBe(1_024);
  expect([...opened].filter(([, times]) => times > 1)).toEqual([]);
}, 60_000);

test('a file that is replaced between its reading and its turn counts as it is now', async () => {
  const names = Array.from({ length: 1_200 }, (_, i) => `r${i}`);
  for (const name of names) writeFileSync(dir.file(`${name}.yaml`), routeOf(name));
  const seen = new Map<string, SourcePart | undefined>();
  let later: string[] | undefined;
  const isNew = (name: string): boolean =>
    seen.get(`${name}.yaml`)?.objects[0]?.object.metadata.name === `new-${name}`;
  for await (const { parts } of updatesOf()) {
    for (const [name, part] of parts) seen.set(name, part);
    if (later === undefined) {
      later = names.filter((name) => !seen.has(`${name}.yaml`));
      for (const name of later) {
        writeFileSync(dir.file('.new'), routeOf(`new-${name}`));
        renameSync(dir.file('.new'), dir.file(`${name}.yaml`));
      }
    }
    if (later.every(isNew)) break;
  }
  expect(later).toHaveLength(1_200 - 512);
}, 60_000);
