import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** How a user proves who it is: the files `<name>.crt` and `<name>.key` of the PKI, or a token. */
export type Credentials = { readonly pki: string; readonly user: string } | { readonly token: string };

/** What a kubeconfig says. */
export interface KubeconfigOptions {
  /** Like `https://198.18.0.2:6443`. */
  readonly server: string;
  /** PEM of the cluster's authority. */
  readonly caPem: string;
  readonly credentials: Credentials;
}

/** Writes a kubeconfig (mode 0600) that names no other file, so that it can be copied. */
export function writeKubeconfig(file: string, options: KubeconfigOptions): void {
  const { server, caPem, credentials } = options;
  const base64 = (bytes: Buffer | string) => Buffer.from(bytes).toString('base64');
  const pem = (extension: string): string =>
    'pki' in credentials
      ? base64(readFileSync(join(credentials.pki, `${credentials.user}.${extension}`)))
      : '';
  const user =
    'token' in credentials
      ? { token: credentials.token }
      : { 'client-certificate-data': pem('crt'), 'client-key-data': pem('key') };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(caPem) } }],
    users: [{ name: 'user', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'user' } }],
    'current-context': 'test',
  };
  writeFileSync(file, stringify(config), { mode: 0o600 });
}
