// A certificate authority that lives as long as one command: it signs what the services of an installation show each other,
// and its key is never written down.
// tsyringe, which the X.509 library uses, wants this before it.
import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;
/** Clocks of machines may differ by this much. */
const skewMs = 3_600_000;

/** What stands in a Secret of type kubernetes.io/tls, with the authority beside it. */
export interface KeyPairFiles {
  readonly 'tls.crt': string;
  readonly 'tls.key': string;
  readonly 'ca.crt': string;
}

/** Whom a certificate is for: a server with DNS names, or else a client. */
export interface Subject {
  readonly dnsNames: readonly string[];
  /** SPIFFE ids. */
  readonly uris?: readonly string[];
}

/** Signs key pairs (ECDSA P-256). */
export interface Authority {
  issue(subject: Subject): Promise<KeyPairFiles>;
}

/** Makes an authority whose certificates are valid from an hour before `nowMs` on, for `days`. */
export async function createAuthority(nowMs: number, days: number): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  const validity = { notBefore: new Date(nowMs - skewMs), notAfter: new Date(nowMs + days * dayMs) };
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Sluice installation',
    keys,
    ...validity,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  });
  return {
    async issue({ dnsNames, uris = [] }) {
      const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const leaf = await X509CertificateGenerator.create({
        subject: `CN=${dnsNames[0] ?? 'envoy'}`,
        issuer: certificate.subject,
        publicKey: pair.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        ...validity,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([
            dnsNames.length === 0 ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth,
          ]),
          new SubjectAlternativeNameExtension([
            ...dnsNames.map((value) => ({ type: 'dns', value }) as const),
            ...uris.map((value) => ({ type: 'url', value }) as const),
          ]),
        ],
      });
      const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', pair.privateKey), 'PRIVATE KEY');
      return {
        'tls.crt': `${leaf.toString('pem')}\n`,
        'tls.key': `${key}\n`,
        'ca.crt': `${certificate.toString('pem')}\n`,
      };
    },
  };
}
