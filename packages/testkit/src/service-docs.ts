import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectFile } from './golden.ts';

/** The documents of a service that say what it is and how it is set. */
export interface ServiceDocs {
  /** Of the service: README.md and .env.template are there. */
  readonly directory: string;
  /** The text of a README with the table of all settings put in. */
  readonly embedTable: (readme: string) => string;
  readonly envTemplate: string;
}

/** The same for every service, so that knowing one is knowing all. */
const heads = ['Consumes', 'Produces', 'State and how to rebuild it', 'Ports', 'Run', 'Test'];

/** Tests the documents of a service. With UPDATE_GOLDEN=1 the table and the template are written. */
export function testServiceDocs({ directory, embedTable, envTemplate }: ServiceDocs): void {
  test('the README has the fixed heads, names every setting, and is short', () => {
    const file = join(directory, 'README.md');
    const readme = readFileSync(file, 'utf8');
    const found = readme.split('\n').filter((line) => line.startsWith('## '));
    expect(found.map((line) => line.slice(3))).toEqual(heads);
    expect(readme.split('\n').length).toBeLessThanOrEqual(61);
    expectFile(file, embedTable(readme));
  });

  test('.env.template has every setting', () => {
    expectFile(join(directory, '.env.template'), envTemplate);
  });
}
