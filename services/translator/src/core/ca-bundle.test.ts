import { describe, expect, test } from 'vitest';
import { readCaBundle } from './ca-bundle.ts';

const begin = '-----BEGIN CERTIFICATE-----';
const end = '-----END CERTIFICATE-----';
/** A certificate in outline: only the kinds of its parts. */
const outline = [
  [0x30, 20, 0x30, 13, 0x02, 1, 1],
  Array.from({ length: 5 }, () => [0x30, 0]).flat(),
  [0x30, 0, 0x03, 1, 0],
].flat();
const base64 = (bytes: readonly number[]): string => btoa(String.fromCharCode(...bytes));
const pem = (bytes: readonly number[]): string => `${begin}\n${base64(bytes)}\n${end}\n`;

test('certificates are kept, once each, and what stands around them is not', () => {
  const key = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
  const text = `hello\n${pem(outline)}${key}${pem(outline).replaceAll('\n', '\r\n')}`;
  expect(readCaBundle(text)).toEqual({ pem: pem(outline) });
});

describe('what is no bundle', () => {
  test.each<[string, string]>([
    ['', 'holds no certificate in PEM'],
    ['-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', 'holds no certificate in PEM'],
    [`${begin}\nAAAA`, 'holds a certificate that is cut off, or is no base64'],
    [`${begin}\n%%%%\n${end}`, 'holds a certificate that is cut off, or is no base64'],
    [`${begin}\n${end}`, 'certificate 1 is no X.509 certificate'],
    [`${begin}\nAAA\n${end}`, 'certificate 1 is no X.509 certificate'],
    [pem(outline.slice(0, -1)), 'certificate 1 is no X.509 certificate'],
    [pem([...outline, 0]), 'certificate 1 is no X.509 certificate'],
    [pem([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), 'certificate 1 is no X.509 certificate'],
    [pem([0x30, 0x80]), 'certificate 1 is no X.509 certificate'],
    [`${pem(outline)}${pem([0x30, 0])}`, 'certificate 2 is no X.509 certificate'],
  ])('%j', (text, fault) => {
    expect(readCaBundle(text)).toEqual({ fault });
  });
});
