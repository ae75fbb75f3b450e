// What deploy/ holds fits together: names that are mounted are made, and Envoy's configuration is what the code makes.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { envoyService } from '@sluice/api-watcher/core';
import { envoyBootstrap, xdsSecretFiles } from '@sluice/xds-server/core';
import { expect, test } from 'vitest';
import { Document, isMap, parseAllDocuments } from 'yaml';
import { z } from 'zod';

const directory = join(import.meta.dirname, '../../deploy');
const read = (file: string): string => readFileSync(join(directory, file), 'utf8');
const manifests = readdirSync(directory).filter(
  (file) => file.endsWith('.yaml') && file !== 'kustomization.yaml',
);

const metadataSchema = z.object({ name: z.string(), namespace: z.string().optional() });
const volumeSchema = z.object({
  name: z.string(),
  secret: z.object({ secretName: z.string() }).optional(),
  configMap: z.object({ name: z.string() }).optional(),
});
const podSchema = z.object({
  automountServiceAccountToken: z.boolean().optional(),
  serviceAccountName: z.string().optional(),
  securityContext: z.object({ runAsNonRoot: z.literal(true) }),
  containers: z.array(
    z.object({
      name: z.string(),
      env: z.array(z.looseObject({ name: z.string() })).default([]),
      readinessProbe: z.unknown(),
      securityContext: z.object({
        allowPrivilegeEscalation: z.literal(false),
        readOnlyRootFilesystem: z.literal(true),
        capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
      }),
      volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
    }),
  ),
  volumes: z.array(volumeSchema),
});
const workloadSchema = z.object({
  kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet']),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    template: z.object({ spec: podSchema }),
    volumeClaimTemplates: z.array(z.object({ metadata: z.object({ name: z.string() }) })).default([]),
  }),
});

const objects = manifests.flatMap((file) => parseAllDocuments(read(file)).map((d) => d.toJS() as unknown));
const workloads = objects.flatMap((object) => {
  const kind = z.object({ kind: z.string() }).parse(object).kind;
  return ['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind) ? [workloadSchema.parse(object)] : [];
});

test('every manifest is part of the kustomization', () => {
  const { resources } = z
    .object({ resources: z.array(z.string()) })
    .parse(parseAllDocuments(read('kustomization.yaml'))[0]?.toJS());
  expect(resources.toSorted()).toEqual(manifests.toSorted());
});

test.each(workloads.map((w) => [w.metadata.name, w] as const))(
  '%s mounts what is there, with least rights',
  (name, workload) => {
    const { containers, volumes, serviceAccountName, automountServiceAccountToken } =
      workload.spec.template.spec;
    const known = [...volumes, ...workload.spec.volumeClaimTemplates.map(({ metadata }) => metadata)].map(
      (v) => v.name,
    );
    for (const container of containers) {
      expect(container.readinessProbe).toBeDefined();
      for (const mount of container.volumeMounts) expect(known).toContain(mount.name);
    }
    expect(serviceAccountName ?? automountServiceAccountToken).toBe(
      name === 'api-watcher' ? 'api-watcher' : false,
    );
  },
);

test("Envoy's configuration is what xds-server's core makes", () => {
  const xdsTls = {
    host: 'xds-server.sluice-system.svc',
    port: 18_000,
    tlsDirectory: '/etc/envoy-tls',
    configDirectory: '/etc/envoy',
  };
  const bootstrap = envoyBootstrap({
    nodeId: 'set by --service-node',
    nodeCluster: 'sluice',
    xdsTls,
    adminSocket: '/run/envoy/admin.sock',
    opsPort: 19_001,
  });
  const data = { 'envoy.json': `${bootstrap}\n`, ...xdsSecretFiles(xdsTls) };
  const documents = parseAllDocuments(read('envoy.yaml'));
  const configMap = documents.find((d) => d.get('kind') === 'ConfigMap');
  if (process.env.UPDATE_GOLDEN === '1' && configMap instanceof Document && isMap(configMap.contents)) {
    configMap.set('data', configMap.createNode(data));
    writeFileSync(join(directory, 'envoy.yaml'), documents.map((d) => d.toString({ lineWidth: 0 })).join(''));
  } else expect(configMap?.toJS()).toMatchObject({ data });
});

test('what api-watcher tells of as the Service of the Envoys has their Pods as endpoints', () => {
  const documents = parseAllDocuments(read('envoy.yaml')).map((d) => d.toJS() as object);
  const daemonSet = documents.find((object) => 'kind' in object && object.kind === 'DaemonSet');
  const selector = { 'app.kubernetes.io/name': 'envoy', 'app.kubernetes.io/part-of': 'sluice' };
  expect(daemonSet).toMatchObject({ spec: { template: { metadata: { labels: selector } } } });
  expect(documents).toContainEqual(
    expect.objectContaining({
      kind: 'Service',
      metadata: expect.objectContaining({ name: envoyService.service, namespace: 'sluice-system' }),
      spec: expect.objectContaining({
        clusterIP: 'None',
        selector,
        ports: [expect.objectContaining({ port: envoyService.port })],
      }),
    }),
  );
});

const agents = parseAllDocuments(read('without-kube-proxy/bpf-agent.yaml')).map((d) => d.toJS() as unknown);
const agentSchema = z.object({
  metadata: z.object({ namespace: z.string() }),
  spec: z.object({
    template: z.object({
      spec: z.object({
        automountServiceAccountToken: z.literal(false),
        serviceAccountName: z.undefined().optional(),
        hostNetwork: z.literal(true),
        containers: z.array(
          z.object({
            env: z.array(z.object({ name: z.string(), value: z.string().optional() })),
            securityContext: z.object({
              privileged: z.undefined().optional(),
              allowPrivilegeEscalation: z.literal(false),
              readOnlyRootFilesystem: z.literal(true),
              capabilities: z.object({ drop: z.array(z.string()), add: z.array(z.string()) }),
            }),
            volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
          }),
        ),
        volumes: z.array(volumeSchema.extend({ hostPath: z.object({ path: z.string() }).optional() })),
      }),
    }),
  }),
});

test('the agent is in a namespace of its own, with the rights that the kernel asks for and no token of the API', () => {
  const daemonSet = agents.find(
    (object) => z.object({ kind: z.string() }).parse(object).kind === 'DaemonSet',
  );
  const { metadata, spec } = agentSchema.parse(daemonSet);
  expect(metadata.namespace).toBe('sluice-datapath');
  const { containers, volumes } = spec.template.spec;
  const [container] = containers;
  expect(container?.securityContext.capabilities).toEqual({
    drop: ['ALL'],
    add: ['BPF', 'NET_ADMIN', 'PERFMON'],
  });
  expect(container?.volumeMounts.map(({ name }) => name)).toEqual(volumes.map(({ name }) => name));
  // The names that `sluice kubernetes secrets --datapath-namespace` gives.
  expect(volumes.flatMap(({ secret }) => secret?.secretName ?? [])).toEqual([
    'sluice-nats-bpf-agent',
    'sluice-nats-ca',
  ]);
  expect(volumes.flatMap(({ hostPath }) => hostPath?.path ?? [])).toEqual(['/sys/fs/bpf', '/sys/fs/cgroup']);
});

test('every manifest for a cluster without kube-proxy is part of its kustomization', () => {
  const { resources } = z
    .object({ resources: z.array(z.string()) })
    .parse(parseAllDocuments(read('without-kube-proxy/kustomization.yaml'))[0]?.toJS());
  const files = readdirSync(join(directory, 'without-kube-proxy'));
  expect(resources.toSorted()).toEqual(
    files.filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml').toSorted(),
  );
});

test('whatever goes to NATS by addresses mounts those that api-watcher writes', () => {
  const [watcher] = workloads.filter(({ metadata }) => metadata.name === 'api-watcher');
  const env = z.array(z.object({ name: z.string(), value: z.string().optional() }));
  const told = env
    .parse(watcher?.spec.template.spec.containers[0]?.env)
    .find(({ name }) => name === 'SLUICE_NATS_ADDRESSES_CONFIG_MAPS')?.value;
  const written = ['sluice-system', 'sluice-datapath'].map(
    (namespace) => `${namespace}/sluice-nats-addresses`,
  );
  expect(told?.split(',')).toEqual(written);
  const there = [...objects, ...agents]
    .map((object) => z.object({ kind: z.string(), metadata: metadataSchema }).parse(object))
    .filter(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'sluice-nats-addresses');
  expect(there.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual(written);
});
