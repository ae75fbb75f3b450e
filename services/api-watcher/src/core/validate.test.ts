import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { validateDocuments, validateFiles } from './validate.ts';

const testdata = join(import.meta.dirname, '../../testdata');
const shown = (file: string): string =>
  validateDocuments(readFileSync(join(testdata, file)), file)
    .faults.map(
      (f) =>
        `${f.origin.file}:${f.origin.line}:${f.origin.column}: ${f.path === '' ? '' : `${f.path}: `}${f.message}${f.hint === '' ? '' : ` — ${f.hint}`}\n`,
    )
    .join('');

test.each(readdirSync(testdata).filter((f) => f.endsWith('.in.yaml')))('%s', async (file) => {
  await expect(shown(file)).toMatchFileSnapshot(join(testdata, file.replace('.in.yaml', '.out.txt')));
});

test('an object in two files is a fault of the second', () => {
  const content = 'apiVersion: v1\nkind: Service\nmetadata: {name: a}\n';
  expect(
    validateFiles([
      { file: 'x.yaml', content },
      { file: 'y.yaml', content: `\n${content}` },
    ]).faults,
  ).toMatchObject([
    {
      origin: { file: 'y.yaml', line: 2 },
      message: 'Service/default/a is also declared at x.yaml:1, which is the one in force',
    },
  ]);
});

test('a merge key without an object is a fault', () => {
  expect(validateDocuments('a:\n  <<: h\n', 'f').faults).toMatchObject([
    { origin: { line: 1 }, message: 'makes no value', hint: expect.stringContaining('<<') },
  ]);
});

test('no fault of a text repeats the text', () => {
  const canary = 'c4n4ry';
  for (const text of [
    `a: [${canary}`,
    `${canary}: 1\n${canary}: 2`,
    `a: "${canary}\\q"`,
    `- *${canary}`,
    `!${canary} a`,
    `\t${canary}: 1`,
    `a: ${canary}: b`,
    `a: '${canary}`,
  ])
    expect(JSON.stringify(validateDocuments(text, 'f'))).not.toContain(canary);
});
