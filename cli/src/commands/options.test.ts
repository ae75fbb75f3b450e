import { describe, expect, it } from 'vitest';
import { collect, parseDuration, parseMoment, parseWhole } from './options.ts';

describe('options', () => {
  it.each([
    ['90s', 90_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
  ])('%s is %d ms', (text, expected) => expect(parseDuration(text)).toBe(expected));

  it.each(['', '10', 'm', '-1m', '1w', '1.5h'])('%j is no duration', (text) =>
    expect(() => parseDuration(text)).toThrow(),
  );

  it('reads moments in full and as how long ago', () => {
    expect(parseMoment('2026-11-22T18:00:00Z')).toBe(Date.UTC(2026, 10, 22, 18));
    expect(Math.abs(Date.now() - 60_000 - parseMoment('1m'))).toBeLessThan(10_000);
    expect(() => parseMoment('yesterday')).toThrow();
    expect(() => parseMoment('2026')).toThrow();
  });

  it('reads whole numbers and lists', () => {
    expect(parseWhole(1)('7')).toBe(7);
    expect(() => parseWhole(1)('0')).toThrow();
    expect(() => parseWhole(1)('7.5')).toThrow();
    expect(collect('a, b', ['x'])).toEqual(['x', 'a', 'b']);
  });
});
