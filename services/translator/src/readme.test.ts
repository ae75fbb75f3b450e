import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { embedEnvTable, renderEnvTemplate } from '@sluice/service-kit';
import { expect, test } from 'vitest';
import { configSchema } from './config.ts';

const fileOf = (name: string): string => join(import.meta.dirname, '..', name);
const read = (name: string): string => readFileSync(fileOf(name), 'utf8');

/** UPDATE_GOLDEN=1 writes the file instead. */
function expectFile(name: string, text: string): void {
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(fileOf(name), text);
  else expect(read(name)).toBe(text);
}

test('the README has the fixed heads, names every setting, and is short', () => {
  const readme = read('README.md');
  const heads = readme.split('\n').filter((line) => line.startsWith('## '));
  expect(heads.map((line) => line.slice(3))).toEqual([
    'Consumes',
    'Produces',
    'State and how to rebuild it',
    'Ports',
    'Run',
    'Test',
  ]);
  expect(readme.split('\n').length).toBeLessThanOrEqual(61);
  expectFile('README.md', embedEnvTable(readme, configSchema));
});

test('.env.template has every setting', () => {
  expectFile('.env.template', renderEnvTemplate(configSchema));
});
