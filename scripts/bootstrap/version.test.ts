import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findOnPath, parseVersion, suffices } from './version.mjs';

test.for([
  ['v24.21.0', [24, 21, 0]],
  ['nats-server: v2.15.1', [2, 15, 1]],
  ['envoy  version: 9c0b5e5d1f/1.40.0/Clean/RELEASE/BoringSSL', [1, 40, 0]],
  ['nothing to see', undefined],
] as const)('%s is %j', ([text, version]) => {
  expect(parseVersion(text)).toEqual(version);
});

test.for([
  [[2, 15, 1], true],
  [[2, 16, 0], true],
  [[2, 14, 9], false],
  [[3, 0, 0], false],
] as const)('%j as 2.15 or newer: %j', ([version, enough]) => {
  expect(suffices([...version], [2, 15])).toBe(enough);
});

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'on-path-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('a program on PATH is found, a launcher script or an older one is not, nor one in the folder left out', () => {
  const search = { name: 'node', path: dir, notIn: join(dir, 'bin') };
  writeFileSync(join(dir, 'node'), '#!/bin/sh\necho v24.99.0\n');
  chmodSync(join(dir, 'node'), 0o755);
  expect(findOnPath({ ...search, min: [24, 0] })).toBeUndefined();
  rmSync(join(dir, 'node'));
  symlinkSync(process.execPath, join(dir, 'node'));
  expect(findOnPath({ ...search, min: [24, 0] })).toBeDefined();
  expect(findOnPath({ ...search, min: [24, 999] })).toBeUndefined();
  expect(findOnPath({ ...search, min: [24, 0], notIn: dir })).toBeUndefined();
});

test('the folder left out is left out by whichever path it is reached', () => {
  const link = `${dir}-link`;
  symlinkSync(dir, link);
  symlinkSync(process.execPath, join(dir, 'node'));
  try {
    expect(findOnPath({ name: 'node', min: [24, 0], path: dir, notIn: link })).toBeUndefined();
  } finally {
    rmSync(link);
  }
});
