// What docs/guides/performance.md names is there: series, tests, commands, and the marks between which the bench writes.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { withBlock } from '../bench/marked-block.ts';
import { parseOptions } from '../bench/options.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const guide = readFileSync(join(root, 'docs/guides/performance.md'), 'utf8');

function found(pattern: RegExp): string[] {
  return [...new Set([...guide.matchAll(pattern)].map(([, text = '']) => text))];
}

describe('the performance guide', () => {
  const registered = globSync('{services,packages}/*/src/metrics.ts', { cwd: root })
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');

  it.each(found(/`(sluice_[a-z_]+)/g))('%s is a series', (series) => {
    expect(registered).toContain(`'${series}'`);
  });

  it.each(found(/`((?:test|services|docs)\/[\w./-]+)`/g))('%s is there', (path) => {
    const [adr] = globSync(`${path}*`, { cwd: root });
    expect(existsSync(join(root, path)) || adr !== undefined).toBe(true);
  });

  it.each(found(/^(?:\w+=\w+ )?npm run bench(?: -- (.*))?$/gm))('npm run bench -- %s', (args) => {
    expect(parseOptions(args === '' ? [] : args.split(' ')).routes.length).toBeGreaterThan(0);
  });

  it('has a place for the table', () => {
    expect(withBlock(guide, 'x')).toContain('\nx\n');
  });
});
