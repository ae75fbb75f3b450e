import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const fixtures = fileURLToPath(new URL('../../../test/fixtures', import.meta.url));
const logs = readdirSync(fixtures).filter((name) => name.endsWith('.jsonl'));
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sl-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function replay(file: string) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [main, 'replay', '--verify', '--fixture', file, '-o', 'json'],
    {
      encoding: 'utf8',
      env: { NO_COLOR: '1' },
    },
  );
  const report =
    status === 2
      ? undefined
      : (JSON.parse(stdout) as { ok: boolean; faults: string[]; revisions: { result: string }[] });
  return { code: status, report, stderr };
}

/** The fixture with the first text that matches changed. */
function tampered(pattern: RegExp, replacement: string): string {
  const text = readFileSync(join(fixtures, 'every-kind.log.jsonl'), 'utf8');
  const changed = text.replace(pattern, replacement);
  expect(changed).not.toBe(text);
  const file = join(directory, 'tampered.jsonl');
  writeFileSync(file, changed);
  return file;
}

describe('a log of an earlier day', () => {
  it.each(logs)('%s replays', (name) => {
    const { code, report } = replay(join(fixtures, name));
    expect(report?.faults).toEqual([]);
    expect(report?.revisions.length).toBeGreaterThan(3);
    expect(report?.revisions.filter(({ result }) => result === 'unknown')).toEqual([]);
    expect(code).toBe(0);
  });

  it('holds no private key and no path of the machine that it was made on', () => {
    for (const name of logs) {
      const text = readFileSync(join(fixtures, name), 'utf8');
      expect(text).not.toMatch(/PRIVATE KEY|ciphertext|tls\.key/);
      expect(text).not.toMatch(/"\/[a-z]+\/[^"]*\.yaml/);
    }
  });
});

describe('a log that was tampered with', () => {
  it('with another weight in a fact, breaks its hash', () => {
    const { code, report } = replay(tampered(/\\"weight\\":3/, '\\"weight\\":2'));
    expect(code).toBe(1);
    expect(report?.faults[0]).toMatch(/^FACTS \d+–\d+: .*hash/);
  });

  it('with a missing event, has a gap', () => {
    const { code, report } = replay(tampered(/^.*ObjectChanged.*\n/m, ''));
    expect(code).toBe(1);
    expect(report?.faults.join()).toMatch(/FACTS/);
  });

  it('with another hash of a revision, is found', () => {
    const { code, report } = replay(tampered(/(stateHash\\":\\")[0-9a-f]{8}/, '$1deadbeef'));
    expect(code).toBe(1);
    expect(report?.faults.join()).toMatch(/IR/);
  });

  it('and what is no log at all, is said so', () => {
    const file = join(directory, 'x.jsonl');
    writeFileSync(file, 'hello\n');
    expect(replay(file)).toMatchObject({ code: 2, stderr: expect.stringContaining('is no exported log') });
  });
});
