import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig, redactConfig } from './config.ts';
import { renderEnvTable, renderEnvTemplate } from './config-docs.ts';
import { commonConfig, integer, list, parseListenAddress } from './config-types.ts';
import { SluiceError } from './errors.ts';

const schema = z.object({
  ...commonConfig,
  SLUICE_OFFSET: integer(0, 50_000)
    .prefault('0')
    .meta({ description: 'Added to low ports', example: '10000' }),
  SLUICE_DIRS: list(':', 1).meta({
    description: 'Where manifests stand | in order',
    example: '/etc/a:/etc/b',
  }),
  SLUICE_TOKEN: z
    .string()
    .min(20)
    .optional()
    .meta({ description: 'A secret', example: '<20 characters>', secret: true }),
});
const given = { SLUICE_NATS_URL: 'nats://127.0.0.1:4222', SLUICE_DIRS: '/a: /b:' };

function faultsOf(env: Record<string, string>): SluiceError {
  try {
    loadConfig(schema, env);
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
  throw new Error('no fault found');
}

describe('loadConfig', () => {
  it('fills in defaults and parses values', () => {
    const { config } = loadConfig(schema, { ...given, SLUICE_OFFSET: '10000' });
    expect(config).toMatchObject({
      SLUICE_OFFSET: 10000,
      SLUICE_DIRS: ['/a', '/b'],
      SLUICE_LOG_LEVEL: 'info',
      SLUICE_HTTP_LISTEN: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    });
  });

  it('takes an empty variable for one that is not set', () => {
    expect(
      loadConfig(schema, { ...given, SLUICE_LOG_LEVEL: '', SLUICE_TOKEN: '' }).config.SLUICE_LOG_LEVEL,
    ).toBe('info');
  });

  it('names every fault at once, each with the variable and its mend', () => {
    const error = faultsOf({
      SLUICE_LOG_LEVEL: 'loud',
      SLUICE_OFFSET: '70000',
      SLUICE_DIRS: ':',
      SLUICE_HTTP_LISTEN: 'here',
    });
    expect(error.code).toBe('config-invalid');
    const lines = error.message.split('\n');
    expect(lines).toHaveLength(6);
    for (const name of [
      'SLUICE_NATS_URL',
      'SLUICE_LOG_LEVEL',
      'SLUICE_OFFSET',
      'SLUICE_DIRS',
      'SLUICE_HTTP_LISTEN',
    ]) {
      expect(
        lines.filter((line) => line.includes(`${name} is`) && line.includes(`for example ${name}=`)),
      ).toHaveLength(1);
    }
  });

  it('never shows the value of a secret', () => {
    const error = faultsOf({ ...given, SLUICE_TOKEN: 'too-short-secret' });
    expect(error.message).toContain('SLUICE_TOKEN is <hidden>');
    expect(error.message).not.toContain('too-short-secret');
    const { config } = loadConfig(schema, { ...given, SLUICE_TOKEN: 'long-enough-to-be-a-secret' });
    expect(JSON.stringify(redactConfig(schema, config))).not.toContain('long-enough');
  });

  it('reports unknown variables of ours without refusing them', () => {
    expect(loadConfig(schema, { ...given, SLUICE_TYPO: '1', HOME: '/' }).unknown).toEqual(['SLUICE_TYPO']);
  });
});

describe('parseListenAddress', () => {
  it.each([
    ['unix:/run/a.sock', { kind: 'unix', path: '/run/a.sock' }],
    ['127.0.0.1:0', { kind: 'tcp', host: '127.0.0.1', port: 0 }],
    ['[::1]:80', { kind: 'tcp', host: '::1', port: 80 }],
    ['localhost:65535', { kind: 'tcp', host: 'localhost', port: 65535 }],
    ['unix:relative', undefined],
    ['127.0.0.1', undefined],
    ['127.0.0.1:65536', undefined],
    [':80', undefined],
    ['::1:80', undefined],
  ])('%s', (text, address) => {
    expect(parseListenAddress(text)).toEqual(address);
  });
});

describe('documents of a schema', () => {
  it('has one row a variable, with default, meaning and example', () => {
    const table = renderEnvTable(schema).split('\n');
    expect(table).toContain('| `SLUICE_OFFSET` | `0` | Added to low ports | `10000` |');
    expect(table).toContain(
      '| `SLUICE_DIRS` | required | Where manifests stand \\| in order | `/etc/a:/etc/b` |',
    );
    expect(table).toContain('| `SLUICE_TOKEN` |  | A secret | `<20 characters>` |');
    expect(table.filter((line) => line.startsWith('| `'))).toHaveLength(Object.keys(schema.shape).length);
  });

  it('gives a template that holds the required variables open and the others commented out', () => {
    const template = renderEnvTemplate(schema);
    expect(template).toContain('\nSLUICE_DIRS=\n');
    expect(template).toContain('\n#SLUICE_LOG_LEVEL=info\n');
  });

  it('describes every variable of the common part', () => {
    for (const [name, field] of Object.entries(commonConfig))
      expect(field.meta()?.description, name).toBeTruthy();
  });
});
