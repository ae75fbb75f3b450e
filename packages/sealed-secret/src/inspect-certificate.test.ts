import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { makeCertificate, type TestCertificate } from '@sluice/testkit';
import { beforeAll, expect, test } from 'vitest';
import { inspectCertificate, type SecretContent } from './inspect-certificate.ts';
import { SealingKey } from './sealing-key.ts';

const key = new SealingKey(randomBytes(32));
let good: TestCertificate;
let other: TestCertificate;
beforeAll(async () => {
  good = await makeCertificate({
    dnsNames: ['B.example', '*.a.example', 'b.example'],
    notAfter: new Date('2030-01-02T03:04:05Z'),
  });
  other = await makeCertificate({ dnsNames: ['other.example'] });
});

const secret = (crt: string, keyPem: string, type = 'kubernetes.io/tls'): SecretContent => ({
  type,
  data: {
    'tls.crt': Buffer.from(crt).toString('base64'),
    'tls.key': Buffer.from(keyPem).toString('base64'),
  },
});

test('the public facts', () => {
  const facts = inspectCertificate(key, secret(good.chainPem, good.keyPem));
  expect(facts).toMatchObject({
    dnsNames: ['*.a.example', 'b.example'],
    notAfter: '2030-01-02T03:04:05.000Z',
    fault: '',
  });
  expect(facts.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(inspectCertificate(key, secret(good.chainPem, good.keyPem))).toEqual(facts);
  expect(inspectCertificate(key, secret(`${good.chainPem}\n`, good.keyPem)).digest).not.toBe(facts.digest);
});

test.each<[string, () => SecretContent, RegExp]>([
  ['another type', () => secret('', '', 'Opaque'), /^is of type Opaque/],
  ['nothing', () => secret('', good.keyPem), /^tls.crt holds no certificate$/],
  ['no PEM', () => secret('hello', good.keyPem), /in PEM form/],
  [
    'a broken certificate',
    () => secret(good.certificatePem.replace(/M/g, 'N'), good.keyPem),
    /^certificate 1 of tls.crt cannot be read/,
  ],
  [
    'a broken chain',
    () => secret(`${good.certificatePem}\n${good.caPem.replace(/M/g, 'N')}`, good.keyPem),
    /^certificate 2 of tls.crt/,
  ],
  ['a broken key', () => secret(good.chainPem, good.keyPem.slice(0, 60)), /^tls.key holds no private key/],
  ['the key of another', () => secret(good.chainPem, other.keyPem), /does not belong/],
  [
    'a key of another sort',
    () =>
      secret(
        good.chainPem,
        generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      ),
    /does not belong/,
  ],
])('%s is a fault, and has no digest', (_, make, fault) => {
  expect(inspectCertificate(key, make())).toMatchObject({ digest: '', fault: expect.stringMatching(fault) });
});
