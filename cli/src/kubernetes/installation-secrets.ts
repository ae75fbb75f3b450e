// What the services of an installation in Kubernetes prove themselves with, as Secrets that deploy/ mounts.
import { randomBytes } from 'node:crypto';
import { generateNkeySeeds, natsServerConfig, streamPermissions } from '@sluice/event-log';
import { accessOf, natsUsers } from '../standalone/access.ts';
import { createAuthority } from './authority.ts';

/** Where nats-server finds what it is given; deploy/nats.yaml mounts it there. */
const natsPaths = { tls: '/etc/nats/tls', store: '/data' } as const;
const natsPort = 4222;
const natsMonitorPort = 8222;
/** xds-servers that may write to the log: names of the Pods of a StatefulSet. */
const maxXdsServers = 16;

export interface InstallationOptions {
  readonly namespace: string;
  /** Namespace of the agents of nodes, which mount their own; undefined: there are none. */
  readonly datapathNamespace?: string | undefined;
  /** How long the certificates are valid, days. */
  readonly days: number;
  readonly nowMs: number;
}

/** A Secret of Kubernetes. */
export interface SecretManifest {
  readonly apiVersion: 'v1';
  readonly kind: 'Secret';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly type: string;
  readonly immutable?: boolean;
  readonly data: Readonly<Record<string, string>>;
}

type Data = Readonly<Record<string, string | Uint8Array>>;

/** Makes all of them anew: new keys each time. */
export async function installationSecrets(options: InstallationOptions): Promise<SecretManifest[]> {
  const { namespace, datapathNamespace, days, nowMs } = options;
  const authority = await createAuthority(nowMs, days);
  const keys = generateNkeySeeds(natsUsers);
  const secret = (name: string, data: Data, type = 'Opaque') => secretOf({ name, namespace, type }, data);
  const seed = (user: (typeof natsUsers)[number]): [string, Data] => [
    `sluice-nats-${user}`,
    { 'nats.seed': `${keys[user].seed}\n` },
  ];
  const tls = async (name: string, subject: Parameters<typeof authority.issue>[0]) =>
    secret(name, { ...(await authority.issue(subject)) }, 'kubernetes.io/tls');
  // `localhost` for those who reach it by `kubectl port-forward`.
  const nats = await authority.issue({ dnsNames: [...serviceNames('nats', namespace), 'localhost'] });
  const ofAgents: [string, Data][] = [seed('bpf-agent'), ['sluice-nats-ca', { 'ca.crt': nats['ca.crt'] }]];
  return [
    secret('sluice-sealing-key', { 'secret.key': randomBytes(32) }),
    ...natsUsers.map((user) => secret(...seed(user))),
    secret('sluice-nats-config', { 'nats.conf': natsConfig(keys) }),
    secret('sluice-nats-tls', { ...nats }, 'kubernetes.io/tls'),
    await tls('sluice-xds-tls', { dnsNames: serviceNames('xds-server', namespace) }),
    await tls('sluice-envoy-tls', { dnsNames: [], uris: ['spiffe://sluice.dev/sluice/envoy'] }),
    ...(datapathNamespace === undefined
      ? []
      : ofAgents.map(([name, data]) =>
          secretOf({ name, namespace: datapathNamespace, type: 'Opaque' }, data),
        )),
  ];
}

function secretOf(
  { name, namespace, type }: { name: string; namespace: string; type: string },
  data: Data,
): SecretManifest {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/part-of': 'sluice' } },
    type,
    data: Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    ),
  };
}

/** Names by which a Service is reached from within the cluster. */
function serviceNames(service: string, namespace: string): string[] {
  return [`${service}.${namespace}.svc`, `${service}.${namespace}`, service];
}

function natsConfig(
  keys: Readonly<Record<(typeof natsUsers)[number], { readonly publicKey: string }>>,
): string {
  const replicas = Array.from({ length: maxXdsServers }, (_, index) => `xds-server-${index}`);
  return natsServerConfig({
    host: '0.0.0.0',
    port: natsPort,
    monitorHost: '0.0.0.0',
    monitorPort: natsMonitorPort,
    storeDir: natsPaths.store,
    tls: { certFile: `${natsPaths.tls}/tls.crt`, keyFile: `${natsPaths.tls}/tls.key` },
    users: natsUsers.map((name) => ({
      name,
      publicKey: keys[name].publicKey,
      permissions: streamPermissions(name, accessOf(name, replicas)),
    })),
  });
}
