import { readFileSync, writeFileSync } from 'node:fs';
import { embedEnvTable, loadConfig } from '@sluice/service-kit';
import { expect, test } from 'vitest';
import { configSchema } from './config.ts';

const needed = {
  SLUICE_NATS_URL: 'nats://127.0.0.1:4222',
  SLUICE_XDS_LISTEN: 'unix:/run/sluice/xds.sock',
  SLUICE_STATE_FILE: '/var/lib/sluice/xds.sqlite',
};

test('the README shows the variables as they are', () => {
  const readme = new URL('../README.md', import.meta.url);
  const before = readFileSync(readme, 'utf8');
  const after = embedEnvTable(before, configSchema);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(readme, after);
  else expect(before).toBe(after);
});

test('defaults', () => {
  expect(loadConfig(configSchema, needed).config).toMatchObject({
    SLUICE_TRUSTED_HOPS: 0,
    SLUICE_DRAIN_MS: 5_000,
  });
});

test.each([
  ['SLUICE_XDS_LISTEN', '127.0.0.1:18000'],
  ['SLUICE_TRUSTED_HOPS', '-1'],
  ['SLUICE_DRAIN_MS', 'soon'],
])('%s=%s is refused by name', (name, value) => {
  expect(() => loadConfig(configSchema, { ...needed, [name]: value })).toThrow(name);
});
