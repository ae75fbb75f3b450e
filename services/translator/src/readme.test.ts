import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { embedEnvTable } from '@sluice/service-kit';
import { expect, test } from 'vitest';
import { configSchema } from './config.ts';

test('the README names every setting; `embedEnvTable` writes the table', () => {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  expect(readme).toBe(embedEnvTable(readme, configSchema));
});
