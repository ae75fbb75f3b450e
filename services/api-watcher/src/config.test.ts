import { loadConfig } from '@sluice/service-kit';
import { expect, it } from 'vitest';
import { configSchema, controllersOf } from './config.ts';

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
    SLUICE_SOURCE: 'directory',
  });
  expect(controllersOf(config)).toEqual(['sluice.dev/gateway-controller', 'io.cilium/gateway-controller']);
});

it('needs no directories in Kubernetes, and claims nothing of Cilium there', () => {
  const { config } = loadConfig(configSchema, {
    SLUICE_NATS_URL: 'nats://127.0.0.1:4222',
    SLUICE_SOURCE: 'kubernetes',
    SLUICE_SECRET_KEY_FILE: '/k',
  });
  expect(config).toMatchObject({ SLUICE_LEASE_NAMESPACE: 'sluice-system', SLUICE_LEASE_SECONDS: 15 });
  expect(controllersOf(config)).toEqual(['sluice.dev/gateway-controller']);
  expect(controllersOf({ ...config, SLUICE_CONTROLLER_NAMES: ['a.b/c'] })).toEqual(['a.b/c']);
});

it('names every fault at once, the missing directories too', () => {
  const load = (): unknown => loadConfig(configSchema, { SLUICE_ADDRESS_POOL: 'x' });
  for (const name of ['SLUICE_NATS_URL', 'SLUICE_SOURCE_DIRS', 'SLUICE_ADDRESS_POOL'])
    expect(load).toThrow(name);
});
