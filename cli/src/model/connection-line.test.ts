import { describe, expect, it } from 'vitest';
import { protocolOf, readConnectionLine } from './connection-line.ts';

describe('readConnectionLine', () => {
  it.each([
    ['TLS', '127.80.0.1:8443', { address: '127.80.0.1', port: 8443 }],
    ['TLS', 'db.test', { sni: 'db.test', port: 443 }],
    ['TLS', '[::1]', { address: '::1', port: 443 }],
    ['TCP', '[0:0::1]:5432', { address: '::1', port: 5432 }],
    ['UDP', '127.80.0.1:53', { address: '127.80.0.1', port: 53 }],
  ] as const)('reads %s %s', (protocol, place, expected) => {
    expect(readConnectionLine({ protocol, place })).toEqual({ protocol, ...expected });
  });

  it('takes the name of --sni', () => {
    expect(readConnectionLine({ protocol: 'TLS', place: '127.0.0.1:1', sni: 'a.test' })).toEqual({
      protocol: 'TLS',
      address: '127.0.0.1',
      port: 1,
      sni: 'a.test',
    });
  });

  it.each([
    ['TCP', '127.0.0.1', undefined, 'names no port'],
    ['TCP', 'db.test:1', undefined, 'db.test is no IP address'],
    ['UDP', '127.0.0.1:1', 'a', '--sni is for tls only'],
    ['TLS', '127.0.0.1:0', undefined, 'is no host'],
    ['TLS', '127.0.0.1:65536', undefined, 'is no host'],
    ['TLS', '', undefined, 'is no host'],
  ] as const)('refuses %s %s', (protocol, place, sni, message) => {
    expect(() => readConnectionLine({ protocol, place, ...(sni === undefined ? {} : { sni }) })).toThrow(
      message,
    );
  });
});

it('a protocol is a word in any case, and no property of objects', () => {
  expect([protocolOf('tls'), protocolOf('UDP'), protocolOf('GET'), protocolOf('constructor')]).toEqual([
    'TLS',
    'UDP',
    undefined,
    undefined,
  ]);
});
