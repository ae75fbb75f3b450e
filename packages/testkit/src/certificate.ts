// tsyringe, which the X.509 library uses, wants this before it.
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;

/** A certificate authority for tests. */
export interface TestCa {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  /** PEM of its certificate, for clients to trust. */
  readonly pem: string;
}

/** A server certificate for tests. */
export interface TestCertificate {
  /** PEM of the leaf. */
  readonly certificatePem: string;
  /** PEM of the leaf, then of the authority: what stands in `tls.crt`. */
  readonly chainPem: string;
  /** PEM (PKCS #8) of the private key: what stands in `tls.key`. */
  readonly keyPem: string;
  /** PEM of the authority. */
  readonly caPem: string;
  readonly ca: TestCa;
}

/** What the certificate says. */
export interface CertificateOptions {
  /** Names it is valid for; the first is also its common name. Wildcards as they are. */
  readonly dnsNames: readonly string[];
  /** URIs it is valid for, e.g. SPIFFE ids; with one it is good for clients too. Default: none. */
  readonly uris?: readonly string[];
  /** Default: a day before now, or before `notAfter` where that is earlier. */
  readonly notBefore?: Date;
  /** Default: in 30 days. A date in the past gives an expired one. */
  readonly notAfter?: Date;
  /** Default: a new authority. */
  readonly ca?: TestCa;
}

/** Makes an authority (ECDSA P-256, valid for a year around now). */
export async function makeCa(commonName = 'Sluice test CA'): Promise<TestCa> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    keys,
    notBefore: new Date(Date.now() - 180 * dayMs),
    notAfter: new Date(Date.now() + 180 * dayMs),
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return { certificate, keys, pem: certificate.toString('pem') };
}

/** Makes a certificate for servers, and with `uris` for clients too (ECDSA P-256). */
export async function makeCertificate(options: CertificateOptions): Promise<TestCertificate> {
  const ca = options.ca ?? (await makeCa());
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const { dnsNames, uris = [] } = options;
  const notAfter = options.notAfter ?? new Date(Date.now() + 30 * dayMs);
  const leaf = await X509CertificateGenerator.create({
    subject: `CN=${dnsNames[0] ?? 'nobody'}`,
    issuer: ca.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: ca.keys.privateKey,
    signingAlgorithm: algorithm,
    notBefore: options.notBefore ?? new Date(Math.min(Date.now(), notAfter.getTime()) - dayMs),
    notAfter,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([
        ExtendedKeyUsage.serverAuth,
        ...(uris.length === 0 ? [] : [ExtendedKeyUsage.clientAuth]),
      ]),
      new SubjectAlternativeNameExtension([
        ...dnsNames.map((value) => ({ type: 'dns', value }) as const),
        ...uris.map((value) => ({ type: 'url', value }) as const),
      ]),
    ],
  });
  const keyDer = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  const certificatePem = leaf.toString('pem');
  return {
    certificatePem,
    chainPem: `${certificatePem}\n${ca.pem}\n`,
    keyPem: `${PemConverter.encode(keyDer, 'PRIVATE KEY')}\n`,
    caPem: ca.pem,
    ca,
  };
}
