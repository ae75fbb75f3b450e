export { SealedSecretError, type SealedSecretErrorCode } from './error.ts';
export {
  type CertificateFacts,
  inspectCertificate,
  keyPairOf,
  type SecretContent,
} from './inspect-certificate.ts';
export { keyedDigest, open, type SealBinding, type Sealed, seal } from './seal.ts';
export { loadSealingKey, SealingKey, sealingKeyBytes } from './sealing-key.ts';
export { openKeyPair, sealKeyPair, type TlsKeyPair } from './tls-key-pair.ts';
