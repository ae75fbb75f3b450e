import { createServer } from 'node:net';
import { freePort } from '@sluice/event-log';
import { describe, expect, it } from 'vitest';
import {
  findLowPortOffset,
  freePool,
  isPortFree,
  listeningAddresses,
  overlap,
  parseCidr,
} from './network.ts';

describe('address ranges', () => {
  it.each([
    ['127.80.0.0/24', '127.80.0.0/16', true],
    ['127.80.0.0/16', '127.80.255.0/24', true],
    ['127.80.0.0/24', '127.80.1.0/24', false],
    ['127.80.0.128/25', '127.80.0.0/25', false],
    ['fd00::/64', '127.80.0.0/24', false],
    ['fd00::/64', 'fd00::1:0/112', true],
  ])('%s and %s overlap: %s', (a, b, expected) => {
    expect(overlap(a, b)).toBe(expected);
    expect(overlap(b, a)).toBe(expected);
  });

  it.each(['127.80.0.0', '127.80.0.0/33', '127.80.0/24', 'x/8', '127.80.0.0/24/1', '127.80.0.0/'])(
    '%j is none',
    (text) => {
      expect(() => parseCidr(text)).toThrow();
    },
  );

  it('the first free one skips what is taken', () => {
    expect(freePool([])).toBe('127.80.0.0/24');
    expect(freePool(['127.80.0.0/24', '127.80.1.0/25', 'fd00::/64'])).toBe('127.80.2.0/24');
    expect(() => freePool(['127.80.0.0/16'])).toThrow(/in use/);
  });
});

describe('addresses that somebody listens on', () => {
  it('are read from the table of the kernel', () => {
    const table = `  sl  local_address rem_address   st
   0: 0100507F:0050 00000000:0000 0A 00000000:00000000
   1: 0200507F:0050 0100007F:1234 01 00000000:00000000
   2: 00000000:0016 00000000:0000 0A 00000000:00000000
`;
    expect(listeningAddresses(table)).toEqual(['127.80.0.1', '0.0.0.0']);
  });

  it('are seen as soon as there are any', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.79.3.2', resolve));
    expect(listeningAddresses()).toContain('127.79.3.2');
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('ports', () => {
  it('a port is free until somebody listens on it', async () => {
    const port = await freePort();
    expect(await isPortFree(port)).toBe(true);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    expect(await isPortFree(port)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
  });

  it('low ports are shifted only where they may not be bound', async () => {
    const { readFileSync } = await import('node:fs');
    const start = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
    const root = process.getuid?.() === 0;
    // As root a lacking capability could still forbid it: then there is nothing to compare with.
    const expected = start <= 80 ? [0] : root ? [0, 10_000] : [10_000];
    expect(expected).toContain(await findLowPortOffset('127.80.0.1'));
  });
});
