import { readFileSync, writeFileSync } from 'node:fs';
import { embedEnvTable, loadConfig } from '@sluice/service-kit';
import { expect, it } from 'vitest';
import { configSchema } from './config.ts';

it('stands in the README as it is', () => {
  const readme = new URL('../README.md', import.meta.url);
  const before = readFileSync(readme, 'utf8');
  const after = embedEnvTable(before, configSchema);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(readme, after);
  else expect(before).toBe(after);
  expect(after.split('\n').length).toBeLessThanOrEqual(61);
});

it('needs the log, the directories and the key, and has defaults for the rest', () => {
  const { config } = loadConfig(configSchema, {
    SLUICE_NATS_URL: 'nats://127.0.0.1:4222',
    SLUICE_SOURCE_DIRS: '/a:/b',
    SLUICE_SECRET_KEY_FILE: '/k',
  });
  expect(config).toMatchObject({
    SLUICE_SOURCE_DIRS: ['/a', '/b'],
    SLUICE_ADDRESS_POOL: '127.80.0.0/24',
    SLUICE_LOW_PORT_OFFSET: 0,
    SLUICE_CONTROLLER_NAMES: ['sluice.dev/gateway-controller', 'io.cilium/gateway-controller'],
  });
});
