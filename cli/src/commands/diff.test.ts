import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Change, compareMaps } from '../model/comparison.ts';
import { isUnsafe } from '../output/escape.ts';
import { unifiedLines } from '../output/unified.ts';
import { parseSides } from './diff-action.ts';
import type { DiffReport } from './diff-document.ts';
import { reportLines } from './diff-text.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const plain = (text: string) => text;
const colors = { bold: plain, green: plain, red: plain, yellow: plain } as never;

describe('what is compared', () => {
  it.each([
    [['42'], 'moment', 'now'],
    [['2-17', '10m'], 'moment', 'moment'],
    [['now', here], 'now', 'manifests'],
    [[here], 'now', 'manifests'],
    [[`${here}:${here}`, 'now'], 'manifests', 'now'],
    [['2026-11-22T18:00:00Z'], 'moment', 'now'],
  ] as const)('%j', ([from, to]: readonly string[], first, second) => {
    const sides = parseSides(from ?? '', to);
    expect([sides.from.type, sides.to.type]).toEqual([first, second]);
  });

  it('is named where it is neither a moment nor a directory', () => {
    expect(() => parseSides('nowhere', undefined)).toThrow('nowhere is neither a moment nor a directory');
    expect(() => parseSides(`${here}:nowhere`, undefined)).toThrow('nowhere is neither');
  });
});

describe('line by line', () => {
  it('shows what changed with its surroundings, and no character that a terminal obeys', () => {
    const before = { a: 1, b: [1, 2, 3], c: 'x\u001b[31m', d: 4 };
    const lines = unifiedLines(before, { ...before, b: [1, 2, 4], c: 'y\u202e' }) ?? [];
    expect(lines).toContain('-   - 3');
    expect(lines).toContain('+   - 4');
    expect(lines.filter(isUnsafe)).toEqual([]);
    expect(unifiedLines(undefined, { a: 1 })).toEqual(['+ a: 1']);
    expect(unifiedLines({ a: 1 }, undefined)).toEqual(['- a: 1']);
  });

  it('gives up on two long texts without anything in common', () => {
    const long = (word: string) =>
      Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`${word}${i}`, i]));
    expect(unifiedLines(long('a'), long('b'))).toBeUndefined();
  });
});

describe('for people', () => {
  const change = (id: string): Change => ({ id, change: 'added', after: { id } });
  const report = (ir: readonly Change[]): DiffReport => ({
    from: { label: 'a', revision: null },
    to: { label: 'b', revision: '1-2' },
    equal: ir.length === 0,
    changes: { objects: [], refusals: [], ir, datapath: [], xds: [], conditions: [] },
    requests: null,
    faults: [],
    notes: [],
  });

  it('says how much is left out', () => {
    const lines = reportLines(report([change('x'), change('y'), change('z')]), { limit: 2, colors });
    expect(lines).toContain('and 1 more changes of ir (--limit 0 names all, -o json holds all)');
    expect(lines.filter((line) => line.startsWith('added'))).toHaveLength(2);
    const all = reportLines(report([change('x'), change('y'), change('z')]), { limit: 0, colors });
    expect(all.filter((line) => line.startsWith('added'))).toHaveLength(3);
  });

  it('prints no character of a name that a terminal obeys', () => {
    const lines = reportLines(report([change('\u001b[2J\u202e')]), { limit: 0, details: true, colors });
    expect(lines.filter(isUnsafe)).toEqual([]);
    expect(reportLines(report([]), { limit: 2, colors })).toEqual([
      'from   a',
      'to     b',
      '',
      'no difference',
    ]);
  });
});

it('members of two maps differ by content, whatever the order of their fields', () => {
  const before = new Map<string, unknown>([
    ['same', { a: 1, b: 2 }],
    ['gone', 1],
    ['other', [1]],
  ]);
  const after = new Map<string, unknown>([
    ['same', { b: 2, a: 1 }],
    ['new', 1],
    ['other', [2]],
  ]);
  expect(compareMaps(before, after).map(({ id, change }) => `${change} ${id}`)).toEqual([
    'removed gone',
    'added new',
    'changed other',
  ]);
});
