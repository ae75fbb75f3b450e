import { describe, expect, it } from 'vitest';
import { SluiceError } from './errors.ts';
import { createLogger } from './logger.ts';

function record(write: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  write(createLogger({ service: 's', version: '1', replica: 's-0', level: 'debug', destination }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('createLogger', () => {
  it('says in each line who speaks', () => {
    const [line] = record((logger) => logger.info({ seq: 7 }, 'batch applied'));
    expect(line).toMatchObject({
      level: 'info',
      service: 's',
      version: '1',
      replica: 's-0',
      seq: 7,
      msg: 'batch applied',
    });
    expect(new Date(String(line?.time)).getTime()).toBeGreaterThan(0);
  });

  it('writes operational errors with code and hint and without a stack, with their causes', () => {
    const error = new SluiceError('tool-missing', 'no envoy', {
      hint: 'fetch it',
      cause: new Error('ENOENT'),
    });
    const [line] = record((logger) => logger.error({ err: error }, 'failed'));
    expect(line?.err).toMatchObject({ code: 'tool-missing', hint: 'fetch it', cause: { message: 'ENOENT' } });
    expect(line?.err).not.toHaveProperty('stack');
  });

  it('keeps the stack of a bug', () => {
    const [line] = record((logger) => logger.error({ err: new TypeError('bug') }, 'failed'));
    expect(line?.err).toMatchObject({ type: 'TypeError', stack: expect.stringContaining('logger.test.ts') });
  });

  it.each([
    { seed: 'CANARY' },
    { privateKey: 'CANARY' },
    { 'tls.key': 'CANARY' },
    { nats: { seed: 'CANARY' } },
    { secret: { data: { 'tls.key': 'CANARY' } } },
    { a: { b: { password: 'CANARY' } } },
  ])('hides key material in %j', (fields) => {
    const lines = record((logger) => logger.info(fields, 'read'));
    expect(JSON.stringify(lines)).not.toContain('CANARY');
    expect(JSON.stringify(lines)).toContain('<hidden>');
  });
});
