import { describe, expect, test } from 'vitest';
import { losesContent } from './in-place-edit.ts';
import { splitDocuments } from './split-documents.ts';

describe('what may be a cut', () => {
  test.each<[unknown, unknown, boolean]>([
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{ a: 1 }, { a: 2 }, false],
    [{ a: 1, b: 2 }, { a: 1 }, true],
    [[1, 2], [1], true],
    [[1, 2], [3, 4, 5], false],
    ['/details', '/det', true],
    ['/details', '/other', false],
    ['/det', '/details', false],
    [8080, 80, true],
    [80, 8080, false],
    [{ a: [{ b: 'xy' }] }, { a: [{ b: 'x' }] }, true],
    [{ a: {} }, { a: 'x' }, true],
    [true, false, false],
  ])('%j → %j: %j', (before, after, cut) => {
    expect(losesContent(before, after)).toBe(cut);
  });
});

describe('documents of a stream', () => {
  test.each<[string, string[], number[]]>([
    ['a: 1', ['a: 1'], [0]],
    ['a: 1\n---\nb: 2\n', ['a: 1\n', '---\nb: 2\n'], [0, 1]],
    ['---\na: 1\n--- # x\nb\n', ['---\na: 1\n', '--- # x\nb\n'], [0, 2]],
    ['a: |\n  x\n  ---\nb: ---x\n----\n', ['a: |\n  x\n  ---\nb: ---x\n----\n'], [0]],
    ['a\r\n---\r\nb\r\n', ['a\r\n', '---\r\nb\r\n'], [0, 1]],
    ['%YAML 1.2\n---\na\n---\nb\n', ['%YAML 1.2\n---\na\n---\nb\n'], [0]],
    ['a\n...\n---\nb\n', ['a\n...\n---\nb\n'], [0]],
    ['', [''], [0]],
  ])('%j', (text, texts, lines) => {
    const documents = splitDocuments(text);
    expect(documents.map((d) => d.text)).toEqual(texts);
    expect(documents.map((d) => d.line)).toEqual(lines);
  });
});
