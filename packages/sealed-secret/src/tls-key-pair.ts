import { open, type SealBinding, type Sealed, seal } from './seal.ts';

/** What is sealed for a `kubernetes.io/tls` Secret. */
export interface TlsKeyPair {
  /** Certificate chain, PEM, the leaf first. */
  readonly certificateChain: string;
  /** Private key, PEM. */
  readonly privateKey: string;
}

/** Seals a certificate chain with its key. */
export function sealKeyPair({ pair, ...binding }: SealBinding & { readonly pair: TlsKeyPair }): Sealed {
  const plaintext = Buffer.from(JSON.stringify([pair.certificateChain, pair.privateKey]));
  const sealed = seal({ ...binding, plaintext });
  plaintext.fill(0);
  return sealed;
}

/** Opens what `sealKeyPair` made. @throws SealedSecretError as `open` does */
export function openKeyPair({ sealed, ...binding }: SealBinding & { readonly sealed: Sealed }): TlsKeyPair {
  const bytes = open({ ...binding, sealed });
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
  bytes.fill(0);
  const [certificateChain, privateKey] = Array.isArray(value) ? value : [];
  if (typeof certificateChain !== 'string' || typeof privateKey !== 'string')
    throw new TypeError('sealed bytes are no key pair');
  return { certificateChain, privateKey };
}
