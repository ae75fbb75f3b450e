// A log that an earlier version wrote: this version replays it, and whoever changes one byte of it is found out.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { version } from '@sluice/service-kit';
import { tempDir } from '@sluice/testkit';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../bin/sluice', import.meta.url));
const fixture = fileURLToPath(new URL('../fixtures/every-kind.log.jsonl', import.meta.url));
const text = readFileSync(fixture, 'utf8');

interface Report {
  readonly ok: boolean;
  readonly faults: readonly string[];
  readonly streams: readonly {
    readonly stream: string;
    readonly events: number;
    readonly damage: readonly unknown[];
  }[];
  readonly revisions: readonly {
    readonly revision: string;
    readonly translator: string;
    readonly result: string;
  }[];
}

function replay(file: string): Promise<{ code: number; report: Report }> {
  return new Promise((resolve, reject) => {
    execFile(program, ['replay', '--verify', '--fixture', file, '-o', 'json'], (error, stdout, stderr) => {
      if (stdout === '') reject(new Error(`no report: ${stderr}`));
      else resolve({ code: Number(error?.code ?? 0), report: JSON.parse(stdout) as Report });
    });
  });
}

it('every revision of the recorded log is replayed to the same hash', async () => {
  const { code, report } = await replay(fixture);
  expect(report.faults).toEqual([]);
  expect(code).toBe(0);
  const own = report.revisions.filter(({ translator }) => translator === version);
  expect(report.revisions.length).toBeGreaterThan(10);
  expect(own.filter(({ result }) => result !== 'same')).toEqual([]);
  expect(report.revisions.filter(({ result }) => result === 'unknown')).toEqual([]);
  const events = Object.fromEntries(report.streams.map(({ stream, events: count }) => [stream, count]));
  expect(events.FACTS).toBeGreaterThan(60);
  expect(events.SECRETS).toBe(0);
});

it('tells of everything that FACTS can hold from a run, and of no key', () => {
  for (const type of [
    'ObjectChanged',
    'ObjectDeleted',
    'ObjectRefused',
    'FileRefused',
    'RefusalCleared',
    'KindSynced',
    'AddressAssigned',
    'AddressReleased',
    'CertificateObserved',
    'ResourceRejected',
    'RejectionCleared',
  ])
    expect([type, text.includes(type)]).toEqual([type, true]);
  expect(text).not.toMatch(/PRIVATE KEY|SecretSealed|ciphertext/);
});

it('a changed byte is found out', async () => {
  using dir = tempDir();
  const file = dir.file('tampered.jsonl');
  writeFileSync(file, text.replace('split.example', 'splat.example'));
  const { code, report } = await replay(file);
  expect(code).toBe(1);
  expect(report.faults).not.toEqual([]);
});
