import { validateFiles } from '@sluice/api-watcher/core';
import { expect, test } from 'vitest';
import { annotationWarnings } from './annotation-warnings.ts';

function warnings(annotations: Record<string, string>): string[] {
  return warningsOn({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', annotations },
    spec: { ports: [{ port: 80 }] },
  });
}

/** Warnings on documents, as `path: message (hint)`. */
function warningsOn(...documents: readonly object[]): string[] {
  const content = documents.map((document) => JSON.stringify(document)).join('\n---\n');
  const { objects, faults } = validateFiles([{ file: 'a.yaml', content }]);
  expect(faults).toEqual([]);
  return annotationWarnings(objects).map(({ path, message, hint }) => `${path}: ${message} (${hint})`);
}

test.each([
  [{ 'service.cilium.io/lb-l7': 'enabled', 'service.cilium.io/lb-l7-algorithm': 'random' }, []],
  [{ 'service.cilium.io/type': 'LoadBalancer', 'example.com/lb-l7': 'what' }, []],
  [
    { 'service.cilium.io/lb-l7': 'true' },
    [
      'metadata.annotations["service.cilium.io/lb-l7"]: "true" is not known, so it counts as not said (did you mean "enabled"? known are enabled, disabled)',
    ],
  ],
  [
    { 'service.sluice.io/lb-l7': 'enabled', 'service.sluice.io/lb-l7-algoritm': 'random' },
    [
      'metadata.annotations["service.sluice.io/lb-l7-algoritm"]: is not known (did you mean service.sluice.io/lb-l7-algorithm?)',
    ],
  ],
  [
    { 'service.cilium.io/lb-l7-algorithm': 'random' },
    [
      'metadata.annotations["service.cilium.io/lb-l7-algorithm"]: has no effect by itself (add service.cilium.io/lb-l7: enabled)',
    ],
  ],
])('%j', (annotations, expected) => {
  expect(warnings(annotations as Record<string, string>)).toEqual(expected);
});

const ingress = (annotations: Record<string, string>, ingressClassName?: string) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'web', annotations },
  spec: { ingressClassName, defaultBackend: { service: { name: 'web', port: { number: 80 } } } },
});
const ingressClass = (name: string, annotations: Record<string, string>) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name, annotations },
  spec: { controller: 'sluice.dev/ingress-controller' },
});
const at = (annotation: string) => `metadata.annotations["${annotation}"]`;
const shared = { 'sluice.io/loadbalancer-mode': 'shared' };
const byDefault = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
const port = { 'ingress.cilium.io/host-listener-port': '8080' };
const portIdle = `${at('ingress.cilium.io/host-listener-port')}: has no effect on an Ingress that shares its address (remove it, or set loadbalancer-mode to dedicated)`;

test.each<[string, object[], string[]]>([
  [
    'names and values that are known, and those of others',
    [
      ingress({
        ...port,
        'ingress.cilium.io/request-timeout': '30s',
        'sluice.io/force-https': 'disabled',
        'nginx.ingress.kubernetes.io/force-https': 'what',
        'ingress.cilium.io/something-else-entirely': 'what',
      }),
    ],
    [],
  ],
  [
    'wrong values and misspelt names',
    [ingress({ 'ingress.cilium.io/request-timeout': '30', 'ingress.cilium.io/tls-passtrough': 'enabled' })],
    [
      `${at('ingress.cilium.io/request-timeout')}: "30" is not known, so it counts as not said (write a duration such as 30s, 1m30s or 500ms, or 0s for no limit)`,
      `${at('ingress.cilium.io/tls-passtrough')}: is not known (did you mean ingress.cilium.io/tls-passthrough?)`,
    ],
  ],
  [
    'a class',
    [ingressClass('a', { 'sluice.io/loadbalancer-mode': 'Shared', 'sluice.io/loadbalancer-mod': 'shared' })],
    [
      `${at('sluice.io/loadbalancer-mode')}: "Shared" is not known, so it counts as not said (did you mean "shared"? known are dedicated, shared)`,
      `${at('sluice.io/loadbalancer-mod')}: is not known (did you mean sluice.io/loadbalancer-mode?)`,
    ],
  ],
  ['a class that says to share', [ingress(port, 'a'), ingressClass('a', shared)], [portIdle]],
  [
    'the default class says to share',
    [ingress(port), ingressClass('a', { ...shared, ...byDefault })],
    [portIdle],
  ],
  ['another class says to share', [ingress(port, 'b'), ingressClass('a', { ...shared, ...byDefault })], []],
])('%s', (_, documents, expected) => {
  expect(warningsOn(...documents)).toEqual(expected);
});
