import { expect, test } from 'vitest';
import { addressBytes, addressText } from './address.ts';

test.each([
  ['10.96.0.1', '00000000000000000000ffff0a600001'],
  ['0.0.0.0', '00000000000000000000ffff00000000'],
  ['::', '00000000000000000000000000000000'],
  ['fd00::1:0:0:2', 'fd000000000000000001000000000002'],
])('%s is %s, and back', (text, hex) => {
  expect(Buffer.from(addressBytes(text)).toString('hex')).toBe(hex);
  expect(addressText(addressBytes(text))).toBe(text);
});

test('an IPv4 address in the form of IPv6 is the IPv4 address', () => {
  expect(addressText(addressBytes('::ffff:10.0.0.1'))).toBe('10.0.0.1');
});

test.each(['', 'pod-a', '10.0.0', '10.0.0.1/8'])('%j is no address', (text) => {
  expect(() => addressBytes(text)).toThrow();
});
