import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { escapeJson, escapeText, isUnsafe, toJson } from './escape.ts';
import { formatTable } from './table.ts';
import { toYaml } from './yaml.ts';

const evil = 'a\u001b[31mred\u0007\u009b2J\u202egnp\u2066x\u200b\u0000\u007f\r\n\t\ud800z';

describe('escapeText', () => {
  it.each([
    ['plain text, ümlauts and 日本語 stay', 'plain text, ümlauts and 日本語 stay'],
    ['an emoji 🎉 stays', 'an emoji 🎉 stays'],
    ['\u001b[2J', '\\u001b[2J'],
    ['\u009b2J', '\\u009b2J'],
    ['a\nb\tc', 'a\\nb\\tc'],
    ['\u202egnp.exe', '\\u202egnp.exe'],
    ['lone \ud83d half', 'lone \\ud83d half'],
    ['lone \udc00 half', 'lone \\udc00 half'],
  ])('%j becomes %j', (text, expected) => {
    expect(escapeText(text)).toBe(expected);
    expect(isUnsafe(expected)).toBe(false);
  });
});

describe('machine output', () => {
  it('as JSON is the same value, with nothing unsafe in it', () => {
    const value = { [evil]: [evil, 1, null], nested: { text: evil } };
    const text = toJson(value);
    expect(JSON.parse(text)).toEqual(value);
    expect(text.split('\n').filter(isUnsafe)).toEqual([]);
  });

  it('as YAML is the same value, with nothing unsafe in it', () => {
    const value = {
      [evil.replace('\ud800', '')]: [evil.replace('\ud800', ''), 'plain', 'two\nlines'],
      on: 'yes',
      n: '1',
    };
    const text = toYaml(value);
    expect(parse(text)).toEqual(value);
    expect(text.split('\n').filter(isUnsafe)).toEqual([]);
  });

  it('keeps lines of JSON text apart', () => {
    expect(escapeJson('{"a":"\u202e"}\n{}')).toBe('{"a":"\\u202e"}\n{}');
  });
});

describe('formatTable', () => {
  it('aligns columns without borders and trailing blanks', () => {
    const text = formatTable({
      head: ['NAME', 'VALUE'],
      rows: [
        ['long name', 'x'],
        ['b', ''],
      ],
    });
    expect(text).toBe('NAME        VALUE\nlong name   x\nb');
  });

  it('aligns by what a terminal shows: wide characters take two columns, colours none', () => {
    const text = formatTable({
      head: ['A', 'B'],
      rows: [
        ['日本', 'x'],
        ['ok', 'y'],
      ],
      paint: (cell) => (cell === 'ok' ? `\u001b[32m${cell}\u001b[39m` : cell),
    });
    expect(text).toBe('A      B\n日本   x\n\u001b[32mok\u001b[39m     y');
  });

  it('escapes each cell before it is painted', () => {
    const text = formatTable({ head: ['A'], rows: [['\u001b[31m']], paint: (cell) => `<${cell}>` });
    expect(text).toBe('A\n<\\u001b[31m>');
  });
});
