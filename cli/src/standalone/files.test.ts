import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeKeys } from './keys.ts';
import { layoutOf, makeDirectories } from './layout.ts';
import { rotateLogs } from './log-rotation.ts';

const uid = process.getuid?.() ?? 0;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sl-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the layout of a data directory', () => {
  it('keeps sockets inside while their paths are short', () => {
    const layout = layoutOf('/home/user/state', { tmpDir: '/tmp', uid: 1000 });
    expect(layout.sockets).toBe('/home/user/state/run');
  });

  it('moves sockets to a short directory of this user where their paths would be too long', () => {
    const layout = layoutOf(`/home/${'x'.repeat(90)}`, { tmpDir: '/tmp', uid: 1000 });
    expect(layout.sockets).toMatch(/^\/tmp\/sluice-1000-[0-9a-f]{16}$/);
  });

  it('is closed to everybody else', () => {
    const layout = layoutOf(join(directory, 'data'), { tmpDir: directory, uid });
    makeDirectories(layout, uid);
    for (const path of [layout.root, layout.nats, layout.keys, layout.run, layout.log])
      expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('refuses a socket directory that somebody else put there', () => {
    const layout = layoutOf(join(directory, 'x'.repeat(100)), { tmpDir: directory, uid });
    mkdirSync(join(directory, 'elsewhere'));
    symlinkSync(join(directory, 'elsewhere'), layout.sockets);
    expect(() => makeDirectories(layout, uid)).toThrow(/is not a directory/);
    expect(() =>
      makeDirectories(layoutOf(join(directory, 'data'), { tmpDir: directory, uid: uid + 1 }), uid + 1),
    ).toThrow(/belongs to/);
  });
});

describe('keys', () => {
  it('are made once, readable by nobody else, and stay the same', () => {
    const layout = layoutOf(join(directory, 'data'), { tmpDir: directory, uid });
    makeDirectories(layout, uid);
    const first = makeKeys(layout);
    const secret = readFileSync(layout.secretKey);
    expect(secret.length).toBe(32);
    expect(statSync(layout.secretKey).mode & 0o777).toBe(0o600);
    const seed = join(layout.keys, 'nkeys', 'translator.seed');
    expect(readFileSync(seed, 'utf8')).toMatch(/^SU[A-Z2-7]+\n$/);
    expect(statSync(seed).mode & 0o777).toBe(0o600);
    expect(makeKeys(layout)).toEqual(first);
    expect(readFileSync(layout.secretKey)).toEqual(secret);
    expect(new Set(Object.values(first)).size).toBe(5);
  });

  it('a sealing key of another length is never replaced', () => {
    const layout = layoutOf(join(directory, 'data'), { tmpDir: directory, uid });
    makeDirectories(layout, uid);
    writeFileSync(layout.secretKey, 'short');
    expect(() => makeKeys(layout)).toThrow(/5 bytes/);
    expect(readFileSync(layout.secretKey, 'utf8')).toBe('short');
  });
});

describe('log rotation', () => {
  it('cuts a grown file in place and keeps three older ones', () => {
    const file = join(directory, 'envoy.log');
    for (const content of ['one', 'two', 'three', 'four', 'five']) {
      appendFileSync(file, content.repeat(10));
      rotateLogs(directory, 20);
      expect(statSync(file).size).toBe(0);
    }
    expect(readFileSync(`${file}.1`, 'utf8')).toBe('five'.repeat(10));
    expect(readFileSync(`${file}.3`, 'utf8')).toBe('three'.repeat(10));
    expect(existsSync(`${file}.4`)).toBe(false);
  });

  it('leaves small files and other files alone', () => {
    writeFileSync(join(directory, 'a.log'), 'small');
    writeFileSync(join(directory, 'state.db'), 'x'.repeat(100));
    rotateLogs(directory, 20);
    expect(readFileSync(join(directory, 'a.log'), 'utf8')).toBe('small');
    expect(statSync(join(directory, 'state.db')).size).toBe(100);
  });
});
