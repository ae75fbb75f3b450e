// Certificate and key → Envoy Secret. The version comes from the keyed digest, never from the bytes: nothing that is
// stored or logged derives from the key.
import { create, toBinary } from '@bufbuild/protobuf';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { SecretSchema } from '@sluice/envoy-api/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import type { IrCertificate } from '@sluice/ir';
import type { XdsResource } from './xds-resource.ts';

/** A certificate chain and its key, PEM. */
export interface KeyPair {
  readonly chainPem: Uint8Array;
  readonly keyPem: Uint8Array;
}

/** The version of a certificate's Secret: known without the key. */
export function secretVersion(certificate: IrCertificate): string {
  return bytesToHex(sha256(utf8ToBytes(`${certificate.key} ${certificate.uid} ${certificate.digest}`)));
}

/** The Secret of a certificate, under the certificate's key. */
export function compileSecret(certificate: IrCertificate, pair: KeyPair): XdsResource {
  const message = create(SecretSchema, {
    name: certificate.key,
    type: {
      case: 'tlsCertificate',
      value: {
        certificateChain: { specifier: { case: 'inlineBytes', value: pair.chainPem } },
        privateKey: { specifier: { case: 'inlineBytes', value: pair.keyPem } },
      },
    },
  });
  return {
    kind: 'secret',
    name: certificate.key,
    version: secretVersion(certificate),
    body: toBinary(SecretSchema, message),
    uses: [],
    sources: [certificate.source],
  };
}
