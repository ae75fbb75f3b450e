import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalCidr, canonicalIp, formatIp, parseIp } from './ip-address.ts';

describe('addresses', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['FD00:0:0:0:0:0:0:1', 'fd00::1'],
    ['fd00::', 'fd00::'],
    ['::', '::'],
    ['::1', '::1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ])('%s is %s', (text, canonical) => expect(canonicalIp(text)).toBe(canonical));

  test.each([
    ...['', '10.0.0', '10.0.0.256', '010.0.0.1', '1.2.3.4.5', ' 1.2.3.4', '1.2.3.4 ', 'a.b.c.d', '10.0.0.-1'],
    ...[':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7::8', 'fe80::1%eth0'],
    ...['12345::', '1.2.3.4::', '::1.2.3', 'g::', '::1/64'],
  ])('%j is none', (text) => expect(canonicalIp(text)).toBeUndefined());

  test('what is written is read again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(15), (bytes, zeros) => {
        bytes.fill(0, zeros, zeros + 6);
        expect(parseIp(formatIp(bytes))).toEqual(bytes);
      }),
    );
    fc.assert(fc.property(fc.ipV6(), (text) => void expect(parseIp(text)).toHaveLength(16)));
    fc.assert(fc.property(fc.ipV4(), (text) => void expect(canonicalIp(text)).toBe(text)));
  });
});

describe('ranges', () => {
  test.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.1.2.3', '10.1.2.3/32'],
    [' 0.0.0.0/0 ', '0.0.0.0/0'],
    ['10.1.2.255/25', '10.1.2.128/25'],
    ['fd00:1::5/20', 'fd00::/20'],
    ['::/0', '::/0'],
  ])('%s is %s', (text, canonical) => expect(canonicalCidr(text)).toBe(canonical));

  test.each(['', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', 'fd00::/129', '10.0.0.0/a'])(
    '%j is none',
    (text) => expect(canonicalCidr(text)).toBeUndefined(),
  );
});
