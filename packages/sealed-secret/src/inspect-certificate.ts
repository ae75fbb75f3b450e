import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { keyedDigest } from './seal.ts';
import type { SealingKey } from './sealing-key.ts';
import type { TlsKeyPair } from './tls-key-pair.ts';

/** The type of a Secret that holds a certificate and its key. */
const tlsSecretType = 'kubernetes.io/tls';

/** The part of a Secret that is looked at. */
export interface SecretContent {
  readonly type: string;
  /** Base64 by name. */
  readonly data: Readonly<Record<string, string>>;
}

/** What may be told of a certificate and its key. */
export interface CertificateFacts {
  /** Keyed HMAC of chain and key, hex; the empty string where there is a fault. */
  digest: string;
  /** DNS names of the leaf, lower case, sorted. */
  dnsNames: string[];
  /** RFC 3339; the empty string where the leaf could not be read. */
  notBefore: string;
  notAfter: string;
  /** What is wrong with it as a server certificate, in words; the empty string when it can be served. */
  fault: string;
}

const nothing: CertificateFacts = { digest: '', dnsNames: [], notBefore: '', notAfter: '', fault: '' };

/** The certificate chain and key of a Secret that has been found servable. */
export function keyPairOf(secret: SecretContent): TlsKeyPair {
  return { certificateChain: decode(secret, 'tls.crt'), privateKey: decode(secret, 'tls.key') };
}

function decode(secret: SecretContent, name: string): string {
  return Buffer.from(secret.data[name] ?? '', 'base64').toString('utf8');
}

/** Reads the public facts of a Secret; what is wrong with it is a fact as well. No message holds anything of its bytes. Never throws. */
export function inspectCertificate(key: SealingKey, secret: SecretContent): CertificateFacts {
  if (secret.type !== tlsSecretType)
    return { ...nothing, fault: `is of type ${secret.type}, not ${tlsSecretType}` };
  const { certificateChain, privateKey } = keyPairOf(secret);
  const chain = certificatesOf(certificateChain);
  if (typeof chain === 'string') return { ...nothing, fault: chain };
  const [leaf] = chain;
  if (leaf === undefined) return { ...nothing, fault: 'tls.crt holds no certificate' };
  const facts = {
    ...nothing,
    dnsNames: dnsNamesOf(leaf),
    notBefore: leaf.validFromDate.toISOString(),
    notAfter: leaf.validToDate.toISOString(),
  };
  const fault = faultOfKey(leaf, privateKey);
  if (fault !== '') return { ...facts, fault };
  return { ...facts, digest: keyedDigest(key, [certificateChain, privateKey]) };
}

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** All certificates of a chain, or what is wrong with it. */
function certificatesOf(pem: string): X509Certificate[] | string {
  const chain: X509Certificate[] = [];
  for (const [block] of pem.matchAll(pemBlock)) {
    try {
      chain.push(new X509Certificate(block));
    } catch {
      return `certificate ${chain.length + 1} of tls.crt cannot be read`;
    }
  }
  return chain.length === 0 && pem.trim() !== '' ? 'tls.crt holds no certificate in PEM form' : chain;
}

/** DNS names of the leaf, lower case, sorted, each once. Anything but a plain name is left out. */
function dnsNamesOf(leaf: X509Certificate): string[] {
  const names = (leaf.subjectAltName ?? '').split(', ').flatMap((entry) => {
    const name = /^DNS:([A-Za-z0-9*._-]+)$/.exec(entry)?.[1];
    return name === undefined ? [] : [name.toLowerCase()];
  });
  return [...new Set(names)].toSorted();
}

function faultOfKey(leaf: X509Certificate, pem: string): string {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    return 'tls.key holds no private key that can be read (PEM, not encrypted)';
  }
  if (!leaf.checkPrivateKey(key))
    return 'the private key of tls.key does not belong to the certificate of tls.crt';
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (key.asymmetricKeyType === 'rsa')
    return bits !== undefined && bits < 2048
      ? `the RSA key has ${bits} bits, and at least 2048 are needed`
      : '';
  return key.asymmetricKeyType === 'ec'
    ? ''
    : 'the key is neither RSA nor ECDSA, and no other kind can be served';
}
