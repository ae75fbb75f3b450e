import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { TestCertificate } from './certificate.ts';

/** What stands in a file: YAML as it is, one object, or several documents. */
export type Manifest = string | object | readonly object[];

/** YAML of a manifest. */
export function manifestYaml(manifest: Manifest): string {
  if (typeof manifest === 'string') return manifest;
  const objects: readonly object[] = Array.isArray(manifest) ? manifest : [manifest];
  return objects.map((object) => stringify(object, { lineWidth: 0 })).join('---\n');
}

/** Writes files below `dir`, each at once by renaming, as careful editors do; null removes one. Names may hold directories. */
export function writeManifests(dir: string, files: Readonly<Record<string, Manifest | null>>): void {
  for (const [name, manifest] of Object.entries(files)) stageManifests(dir, { [name]: manifest })();
}

/**
 * Writes files below `dir` under temporary names, which start with a dot and do not end like YAML.
 * @returns renames them (and removes those that are null), so that a change can be timed from just that
 */
export function stageManifests(dir: string, files: Readonly<Record<string, Manifest | null>>): () => void {
  const renames = Object.entries(files).map(([name, manifest], i) => {
    const path = join(dir, name);
    if (manifest === null) return () => rmSync(path, { force: true });
    mkdirSync(dirname(path), { recursive: true });
    const temporary = join(dirname(path), `.${process.pid}-${i}.tmp`);
    writeFileSync(temporary, manifestYaml(manifest));
    return () => renameSync(temporary, path);
  });
  return () => {
    for (const rename of renames) rename();
  };
}

/** A Secret of type kubernetes.io/tls; `key` of another certificate makes one that does not match. */
export function tlsSecret(
  name: string,
  certificate: TestCertificate,
  options: { namespace?: string; keyPem?: string } = {},
): object {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: options.namespace ?? 'default' },
    type: 'kubernetes.io/tls',
    data: {
      'tls.crt': base64(certificate.chainPem),
      'tls.key': base64(options.keyPem ?? certificate.keyPem),
    },
  };
}

/** A Service with the endpoints that stand behind it. */
export interface ServiceSetup {
  readonly name: string;
  /** Default `default`. */
  readonly namespace?: string;
  /** Port of the Service; default 8080. */
  readonly port?: number;
  /** `kubernetes.io/h2c` for HTTP/2 in the clear. */
  readonly appProtocol?: string;
  /** All of one port: a slice has one port for all its addresses. */
  readonly endpoints: readonly {
    readonly address: string;
    readonly port: number;
    readonly conditions?: object;
  }[];
}

/** The Service and one EndpointSlice for each backend port. */
export function serviceObjects(setup: ServiceSetup): object[] {
  const { name, namespace = 'default', port = 8080, appProtocol, endpoints } = setup;
  const protocol = appProtocol === undefined ? {} : { appProtocol };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector: { app: name }, ports: [{ name: 'http', port, protocol: 'TCP', ...protocol }] },
  };
  const ports = [...new Set(endpoints.map((endpoint) => endpoint.port))];
  const slices = ports.map((backendPort) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-${backendPort}`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: backendPort, protocol: 'TCP' }],
    endpoints: endpoints
      .filter((endpoint) => endpoint.port === backendPort)
      .map(({ address, conditions }) => ({
        addresses: [address],
        conditions: conditions ?? { ready: true },
      })),
  }));
  return [service, ...slices];
}
