import { loadConfig } from '@sluice/service-kit';
import { expect, test } from 'vitest';
import { adsEndpoint, configSchema } from './config.ts';

const needed = {
  SLUICE_NATS_URL: 'nats://127.0.0.1:4222',
  SLUICE_XDS_LISTEN: 'unix:/run/sluice/xds.sock',
  SLUICE_STATE_FILE: '/var/lib/sluice/xds.sqlite',
};

test('defaults', () => {
  expect(loadConfig(configSchema, needed).config).toMatchObject({
    SLUICE_TRUSTED_HOPS: 0,
    SLUICE_DRAIN_MS: 5_000,
    SLUICE_SILENT_MS: 30_000,
  });
});

test.each([
  ['SLUICE_XDS_LISTEN', 'somewhere'],
  ['SLUICE_TRUSTED_HOPS', '-1'],
  ['SLUICE_DRAIN_MS', 'soon'],
])('%s=%s is refused by name', (name, value) => {
  expect(() => loadConfig(configSchema, { ...needed, [name]: value })).toThrow(name);
});

test('private keys go over no TCP without TLS', () => {
  const config = (more: object) => loadConfig(configSchema, { ...needed, ...more }).config;
  const tcp = { SLUICE_XDS_LISTEN: '0.0.0.0:18000' };
  expect(() => adsEndpoint(config(tcp))).toThrow('SLUICE_XDS_LISTEN');
  expect(adsEndpoint(config({ ...tcp, SLUICE_XDS_TLS_DIR: '/tls' }))).toEqual({
    kind: 'tcp',
    host: '0.0.0.0',
    port: 18_000,
    tlsDirectory: '/tls',
  });
  expect(adsEndpoint(config({}))).toEqual({ kind: 'unix', path: '/run/sluice/xds.sock' });
});
