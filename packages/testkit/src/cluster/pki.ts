// tsyringe, which the X.509 library uses, wants this before it.
import 'reflect-metadata';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { makeCa, type TestCa } from '../certificate.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;

/** A certificate of the cluster; its PEM files are `<file>.crt` and `<file>.key`. */
interface ClusterCertificate {
  readonly file: string;
  /** The user in the API server's eyes. */
  readonly commonName: string;
  /** The user's group there. */
  readonly organization?: string;
  /** Names and addresses it serves on; empty: a client alone. */
  readonly names: readonly JsonGeneralName[];
}

/** Addresses that decide what the certificates say. */
export interface PkiOptions {
  /** The node's address, where the API server and the kubelet's endpoint are reached. */
  readonly nodeAddress: string;
  /** ClusterIP of the Service `kubernetes`. */
  readonly apiServiceAddress: string;
  readonly nodeName: string;
}

/** Users of the API by the file of their certificate. */
export const clusterUsers = {
  admin: { commonName: 'sluice-test-admin', organization: 'system:masters' },
  'kube-controller-manager': { commonName: 'system:kube-controller-manager' },
  'kube-proxy': { commonName: 'system:kube-proxy' },
  'pod-runner': { commonName: 'sluice-pod-runner', organization: 'system:masters' },
  'apiserver-kubelet-client': { commonName: 'kube-apiserver-kubelet-client', organization: 'system:masters' },
} as const;

/** Writes the whole PKI of one cluster into an own directory (mode 0700): certificates, keys (0600), the ServiceAccounts' signing key. */
export async function writePki(dir: string, options: PkiOptions): Promise<{ readonly caPem: string }> {
  mkdirSync(dir, { mode: 0o700 });
  const ca = await makeCa('sluice-test-cluster');
  writeFileSync(join(dir, 'ca.crt'), ca.pem);
  const clients = Object.entries(clusterUsers).map(([file, user]) => ({ file, ...user, names: [] }));
  for (const certificate of [...servers(options), ...clients]) await writeCertificate(dir, ca, certificate);
  const signer = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writePrivate(join(dir, 'service-accounts.key'), signer.privateKey.export({ type: 'sec1', format: 'pem' }));
  writeFileSync(join(dir, 'service-accounts.pub'), signer.publicKey.export({ type: 'spki', format: 'pem' }));
  return { caPem: ca.pem };
}

function servers({ nodeAddress, apiServiceAddress, nodeName }: PkiOptions): readonly ClusterCertificate[] {
  const ips = (...values: string[]) => values.map((value) => ({ type: 'ip', value }) as const);
  const dns = (...values: string[]) => values.map((value) => ({ type: 'dns', value }) as const);
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  return [
    {
      file: 'apiserver',
      commonName: 'kube-apiserver',
      names: [
        ...dns('localhost', ...service, 'kubernetes.default.svc.cluster.local'),
        ...ips('127.0.0.1', nodeAddress, apiServiceAddress),
      ],
    },
    {
      file: 'kubelet',
      commonName: `system:node:${nodeName}`,
      names: [...dns(nodeName), ...ips(nodeAddress)],
    },
  ];
}

async function writeCertificate(dir: string, ca: TestCa, certificate: ClusterCertificate): Promise<void> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const { organization, commonName, names } = certificate;
  const usage = names.length > 0 ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth;
  const leaf = await X509CertificateGenerator.create({
    subject: [...(organization === undefined ? [] : [{ O: [organization] }]), { CN: [commonName] }],
    issuer: ca.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: ca.keys.privateKey,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + 30 * dayMs),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([usage]),
      ...(names.length > 0 ? [new SubjectAlternativeNameExtension([...names])] : []),
    ],
  });
  writeFileSync(join(dir, `${certificate.file}.crt`), `${leaf.toString('pem')}\n`);
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  writePrivate(join(dir, `${certificate.file}.key`), `${PemConverter.encode(key, 'PRIVATE KEY')}\n`);
}

function writePrivate(file: string, pem: string | Buffer): void {
  writeFileSync(file, pem, { mode: 0o600 });
}
