import { describe, expect, it } from 'vitest';
import { readRequestLine } from './request-line.ts';

const plain = { method: 'GET', header: [] };

describe('readRequestLine', () => {
  it.each([
    ['http://a.test', { port: 80, host: 'a.test', path: '/' }],
    ['http://a.test:8080/x?y=/../z', { port: 8080, host: 'a.test:8080', path: '/x?y=/../z' }],
    ['http://a.test:80/', { port: 80, host: 'a.test', path: '/' }],
    ['http://a.test?x', { port: 80, host: 'a.test', path: '/?x' }],
    [
      'http://127.80.0.1:10080/a/../b//c',
      { address: '127.80.0.1', port: 10_080, host: '127.80.0.1:10080', path: '/a/../b//c' },
    ],
    ['http://[0:0::1]/', { address: '::1', port: 80, host: '[0:0::1]', path: '/' }],
    ['https://a.test/', { tls: { sni: 'a.test' }, port: 443, host: 'a.test', path: '/' }],
    ['https://127.80.0.1/', { tls: {}, address: '127.80.0.1', port: 443, host: '127.80.0.1', path: '/' }],
  ])('reads %s', (url, request) => {
    expect(readRequestLine({ ...plain, url })).toEqual({ method: 'GET', headers: [], ...request });
  });

  it('takes Host and SNI from the options, and keeps other headers in their order', () => {
    const header = ['host:  b.test', 'X-A: 1', 'x-a:2 ', 'X-Empty:'];
    expect(readRequestLine({ method: 'post', url: 'https://127.80.0.1/', header, sni: 'c.test' })).toEqual({
      address: '127.80.0.1',
      port: 443,
      tls: { sni: 'c.test' },
      host: 'b.test',
      method: 'POST',
      path: '/',
      headers: [
        ['X-A', '1'],
        ['x-a', '2'],
        ['X-Empty', ''],
      ],
    });
  });

  it.each([
    ['a.test/x', [], undefined],
    ['ftp://a.test/', [], undefined],
    ['http://a.test:0/', [], undefined],
    ['http://a.test:x/', [], undefined],
    ['http://::1/', [], undefined],
    ['http://a.test/', ['no header'], undefined],
    ['http://a.test/', [], 'a.test'],
  ])('refuses %s with %j and SNI %s', (url, header, sni) => {
    expect(() =>
      readRequestLine({ method: 'GET', url, header, ...(sni === undefined ? {} : { sni }) }),
    ).toThrow();
  });
});
