import { describe, expect, test } from 'vitest';
import { parseObject } from './parse.ts';
import { keptPod } from './pod.ts';

const ports = [
  { name: 'http', containerPort: 8080, hostPort: 80 },
  { containerPort: 9090 },
  { containerPort: 53, hostPort: 5353, protocol: 'UDP', hostIP: '192.0.2.1' },
  { containerPort: 1, hostPort: 0 },
];
const status = {
  phase: 'Running',
  podIP: '10.0.0.7',
  podIPs: [{ ip: '10.0.0.7' }, { ip: 'fd00::7' }],
  hostIP: '192.0.2.1',
  conditions: [{ type: 'Ready', status: 'False' }],
};
const metadata = {
  name: 'web',
  namespace: 'shop',
  uid: 'u',
  resourceVersion: '7',
  generation: 3,
  labels: { a: 'b' },
  managedFields: [{}],
};
const container = { name: 'web', image: 'web', env: [{ name: 'PASSWORD', value: 'secret' }], ports };
const pod = (spec: object = {}, more: object = {}) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata },
  spec: {
    nodeName: 'n1',
    containers: [container, { name: 'other', ports: [{ containerPort: 1 }] }],
    ...spec,
  },
  status: { ...status, ...more },
});

function parsed(value: unknown, source: 'manifest' | 'api' = 'api') {
  const outcome = parseObject(value, source);
  return outcome.ok ? outcome.object : outcome.faults.map(({ path, message }) => `${path} ${message}`);
}

test('of a Pod nothing stays but where it is and its host ports, and of that the same again', () => {
  const object = parsed(pod());
  expect(object).toEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...{ name: 'web', namespace: 'shop', uid: 'u', generation: 0, creationTimestamp: '' },
      ...{ labels: {}, annotations: {} },
    },
    spec: {
      nodeName: 'n1',
      containers: [
        {
          name: 'web',
          ports: [
            { containerPort: 8080, hostPort: 80, protocol: 'TCP' },
            { containerPort: 53, hostPort: 5353, hostIP: '192.0.2.1', protocol: 'UDP' },
          ],
        },
      ],
    },
    status: { podIPs: [{ ip: '10.0.0.7' }, { ip: 'fd00::7' }], hostIPs: [{ ip: '192.0.2.1' }] },
  });
  expect(parsed(object)).toEqual(object);
  expect(parsed(object, 'manifest')).toEqual(object);
  expect(JSON.stringify(keptPod(pod()))).not.toContain('secret');
});

test('a sidecar counts, a container that ends before the others start does not', () => {
  const init = (restartPolicy?: string) => ({ name: 'init', restartPolicy, ports: [ports[0]] });
  expect(keptPod(pod({ containers: [], initContainers: [init('Always')] }))?.spec).toMatchObject({
    containers: [{ name: 'init' }],
  });
  expect(keptPod(pod({ containers: [], initContainers: [init()] }))).toBeUndefined();
});

describe('a Pod of an API server is kept', () => {
  test.each([
    ['with host ports and addresses, ready or not', pod(), true],
    ['not without a host port', pod({ containers: [{ name: 'a', ports: [{ containerPort: 80 }] }] }), false],
    ['not on the network of its node', pod({ hostNetwork: true }), false],
    ['not before it has a node', pod({ nodeName: undefined }), false],
    ['not before it has an address', pod({}, { podIP: undefined, podIPs: undefined }), false],
    ['not once it has ended', pod({}, { phase: 'Failed' }), false],
    ['as long as it is there', { ...pod(), metadata: { ...metadata, deletionTimestamp: 'now' } }, true],
    ['not where it has no form at all', { ...pod(), spec: 7, status: [] }, false],
  ])('%s', (_, object, kept) => {
    expect(keptPod(object) !== undefined).toBe(kept);
  });
});

describe('faults', () => {
  test.each([
    [
      'a port that is none',
      { containers: [{ ports: [{ containerPort: 1, hostPort: 70_000 }] }] },
      'hostPort',
    ],
    ['a container that is none', { containers: 'web' }, 'spec.containers'],
    ['an unknown protocol', { containers: [{ ports: [{ ...ports[0], protocol: 'x' }] }] }, 'protocol'],
  ])('%s', (_, spec, path) => {
    expect(parsed(pod(spec))).toEqual([expect.stringContaining(path)]);
  });

  test('in a file a Pod with a hostPort says where it is; one without needs not', () => {
    const { status: _, ...bare } = pod({ nodeName: undefined });
    expect(parsed(bare, 'manifest')).toEqual([
      'spec.nodeName is required where a Pod in a file has a hostPort',
      'status.podIPs is required where a Pod in a file has a hostPort',
    ]);
    expect(parsed({ ...bare, spec: { containers: [{ name: 'a', image: 'b' }] } }, 'manifest')).toMatchObject({
      kind: 'Pod',
    });
  });
});
