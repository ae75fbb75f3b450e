import { readFileSync } from 'node:fs';
import { AppsV1Api, CoreV1Api, type V1Pod } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeIf } from '../describe-if.ts';
import { launch } from '../process.ts';
import { tempDir } from '../temp-dir.ts';
import { until } from '../until.ts';
import {
  type Cluster,
  clusterStartMs,
  clusterUnavailable,
  ensurePrograms,
  podsPrograms,
  startCluster,
} from './index.ts';

const waitMs = 60_000;

const pod = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { terminationGracePeriodSeconds: 1, ...spec },
});
const shell = (script: string, more: object = {}) => ({
  name: 'main',
  image: 'local/shell:1',
  args: ['-c', script],
  ...more,
});

describeIf(clusterUnavailable([...podsPrograms, 'echo-basic']))('a node with real Pods', () => {
  let cluster: Cluster;
  let core: CoreV1Api;

  beforeAll(async () => {
    const { 'echo-basic': echo } = await ensurePrograms(['echo-basic']);
    const mounts = [{ source: echo, target: '/echo-basic' }];
    const images = [
      { pattern: '/echo-basic:', entrypoint: ['/echo-basic'], mounts },
      { pattern: '^local/shell:', entrypoint: ['/bin/sh'], system: true },
    ];
    cluster = await startCluster({ channel: 'none', pods: { images } });
    core = cluster.kubeConfig.makeApiClient(CoreV1Api);
    // The controller manager makes it; Pods are refused before.
    await until(() => core.readNamespacedServiceAccount({ name: 'default', namespace: 'default' }), {
      timeoutMs: waitMs,
    });
  }, clusterStartMs);
  afterAll(() => cluster?.stop());

  const read = (name: string): Promise<V1Pod> => core.readNamespacedPod({ name, namespace: 'default' });
  const log = (name: string, more: { readonly sinceSeconds?: number } = {}) =>
    core.readNamespacedPodLog({ name, namespace: 'default', ...more });
  const ended = (name: string) =>
    until(async () => (await read(name)).status?.phase === 'Succeeded', {
      timeoutMs: waitMs,
      message: `${name} to end`,
    });

  const gone = (name: string) =>
    until(
      () =>
        read(name).then(
          () => false,
          (error: Error) => error.message.includes('404'),
        ),
      { timeoutMs: waitMs, message: `${name} to be gone` },
    );

  /** What a GET of the URL gives on the node. */
  /** The body; undefined where none came: kube-proxy may not have heard of the Service yet. */
  const get = async (url: string): Promise<string | undefined> => {
    const script = `process.stdout.write(await (await fetch(${JSON.stringify(url)})).text())`;
    await using run = await launch(cluster.inside(process.execPath, ['--input-type=module', '-e', script]));
    await run.exited;
    return run.stdout() || undefined;
  };

  it('runs a Deployment that its ClusterIP and its LoadBalancer address lead to', async () => {
    const labels = { app: 'echo' };
    const env = [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }];
    const image = 'registry.k8s.io/gateway-api/echo-basic:v1.5.1';
    const readinessProbe = { httpGet: { path: '/', port: 3000 }, periodSeconds: 1 };
    const spec = { containers: [{ name: 'echo', image, env, readinessProbe }] };
    await cluster.apply([
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'echo', namespace: 'default' },
        spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'echo', namespace: 'default' },
        spec: {
          type: 'LoadBalancer',
          loadBalancerIP: '172.30.0.77',
          selector: labels,
          ports: [{ port: 80, targetPort: 3000 }],
        },
      },
    ]);
    const apps = cluster.kubeConfig.makeApiClient(AppsV1Api);
    const echo = { name: 'echo', namespace: 'default' };
    await until(async () => (await apps.readNamespacedDeployment(echo)).status?.readyReplicas === 2, {
      timeoutMs: waitMs,
      message: 'both Pods to be ready',
    });
    const { spec: service } = await core.readNamespacedService(echo);
    for (const address of ['172.30.0.77', service?.clusterIP]) {
      const answer = await until(() => get(`http://${address}/`), { timeoutMs: waitMs });
      expect(JSON.parse(answer)).toMatchObject({ host: address, pod: expect.stringMatching(/^echo-/) });
    }
  });

  it('gives a container its volumes, its user, its token and names of Services', async () => {
    const script =
      'id -u; cat /scratch/made /config/a.txt; echo; echo opened >/dev/stderr; ' +
      'wc -c </var/run/secrets/kubernetes.io/serviceaccount/token; touch /no 2>/dev/null || echo read-only; ' +
      'getent ahostsv4 kubernetes.default';
    const work = { name: 'work', mountPath: '/scratch' };
    await cluster.apply([
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'config', namespace: 'default' },
        data: { 'a.txt': 'configured' },
      },
      pod('volumes', {
        restartPolicy: 'Never',
        initContainers: [{ ...shell('echo from init >/scratch/made'), name: 'init', volumeMounts: [work] }],
        containers: [
          shell(script, {
            volumeMounts: [work, { name: 'config', mountPath: '/config' }],
            securityContext: { runAsUser: 1000, runAsGroup: 1000, readOnlyRootFilesystem: true },
          }),
        ],
        volumes: [
          { name: 'work', emptyDir: {} },
          { name: 'config', configMap: { name: 'config' } },
        ],
      }),
    ]);
    await ended('volumes');
    const lines = await until(
      async () => {
        const text = await log('volumes');
        return text.includes('10.96.0.1') && text;
      },
      { message: 'the whole log' },
    );
    expect(lines).toMatch(/^1000\nfrom init\nconfigured\nopened\n\d{3,}\nread-only\n10\.96\.0\.1 /);
  });

  it('reports nothing ready that does not run', async () => {
    await cluster.apply([pod('unknown', { containers: [{ name: 'main', image: 'example.com/none:1' }] })]);
    const status = await until(
      async () => {
        const [container] = (await read('unknown')).status?.containerStatuses ?? [];
        return container?.state?.waiting?.reason === 'ErrImagePull' && container;
      },
      { timeoutMs: waitMs },
    );
    expect(status.state?.waiting?.message).toBe('there is no local program for the image example.com/none:1');
    expect(status.ready).toBe(false);
  });

  it('starts a container again that ended, and says how it ended', async () => {
    await cluster.apply([pod('crashes', { containers: [shell('exit 3')] })]);
    const status = await until(
      async () => {
        const [container] = (await read('crashes')).status?.containerStatuses ?? [];
        return (container?.restartCount ?? 0) >= 2 && container;
      },
      { timeoutMs: waitMs },
    );
    expect(status.lastState?.terminated?.exitCode).toBe(3);
    expect(status.state?.waiting?.reason).toBe('CrashLoopBackOff');
  });

  it('ends a container as its hook says, then by SIGTERM, all within the grace time', async () => {
    using dir = tempDir();
    const hostPath = [{ name: 'told', hostPath: { path: dir.path } }];
    const volumeMounts = [{ name: 'told', mountPath: '/told' }];
    const main = (file: string, preStop: object) =>
      shell(
        `trap 'echo term >>/told/${file}; exit 0' TERM; echo up >>/told/${file}; while :; do sleep 0.05; done`,
        { volumeMounts, lifecycle: { preStop }, env: [{ name: 'PATH', value: '/usr/bin:/bin' }] },
      );
    const slow = { exec: { command: ['sh', '-c', 'echo hook >>/told/a; sleep 0.3; echo done >>/told/a'] } };
    const words = (file: string) => readFileSync(dir.file(file), 'utf8').trim().split('\n');
    const hooks = { a: slow, b: { exec: { command: ['sleep', '1000'] } } };
    await cluster.apply(
      Object.entries(hooks).map(([name, hook]) =>
        pod(`hook-${name}`, {
          // Of b the hook takes longer than that: it is left, and SIGTERM still comes.
          terminationGracePeriodSeconds: name === 'a' ? 60 : 1,
          containers: [main(name, hook)],
          volumes: hostPath,
        }),
      ),
    );
    for (const name of Object.keys(hooks)) {
      await until(() => words(name).includes('up'), { timeoutMs: waitMs });
      await core.deleteNamespacedPod({ name: `hook-${name}`, namespace: 'default' });
    }
    for (const name of Object.keys(hooks)) await gone(`hook-${name}`);
    expect([words('a'), words('b')]).toEqual([
      ['up', 'hook', 'done', 'term'],
      ['up', 'term'],
    ]);
  });

  it('ends a Pod that is deleted, even one that does not listen', async () => {
    await cluster.apply([pod('deaf', { containers: [shell("trap '' TERM; while :; do sleep 1; done")] })]);
    await until(async () => (await read('deaf')).status?.phase === 'Running', { timeoutMs: waitMs });
    await core.deleteNamespacedPod({ name: 'deaf', namespace: 'default' });
    await gone('deaf');
  });
});
