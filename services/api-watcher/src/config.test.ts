import { loadConfig } from '@sluice/service-kit';
import { expect, it } from 'vitest';
import { configSchema } from './config.ts';

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
