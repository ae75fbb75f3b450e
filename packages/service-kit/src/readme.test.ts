import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { embedEnvTable } from './config-docs.ts';
import { commonConfig } from './config-types.ts';

it('shows the variables as they are', () => {
  const readme = new URL('../README.md', import.meta.url);
  const before = readFileSync(readme, 'utf8');
  const after = embedEnvTable(before, z.object(commonConfig));
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(readme, after);
  else expect(before).toBe(after);
});
