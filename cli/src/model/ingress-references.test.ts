import { validateDocuments } from '@sluice/api-watcher/core';
import { expect, test } from 'vitest';
import { referenceWarnings } from './reference-warnings.ts';

/** Warnings on documents, as `path: message (mend)`. */
function warnings(...documents: readonly object[]): string[] {
  const text = documents.map((document) => JSON.stringify(document)).join('\n---\n');
  const { objects, faults } = validateDocuments(text, 'a.yaml');
  expect(faults).toEqual([]);
  return referenceWarnings(objects).map(({ path, message, hint }) => `${path}: ${message} (${hint})`);
}

const ingress = (spec: object, annotations: Record<string, string> = {}) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'i', annotations },
  spec,
});
const backend = (name: string, port: object) => ({ service: { name, port } });
const rules = (...backends: object[]) => [
  { http: { paths: backends.map((each) => ({ path: '/', pathType: 'Prefix', backend: each })) } },
];
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'a' },
  spec: {
    ports: [
      { name: 'web', port: 80 },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
  },
};
const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, type: 'Opaque', data: {} };
const ingressClass = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'mine' },
  spec: { controller: 'sluice.dev/ingress-controller' },
};
const toA = backend('a', { number: 80 });
const mend = '(name one of them, or add it)';

test.each<[string, object[], string[]]>([
  ['all that is named may live elsewhere', [ingress({ ingressClassName: 'c', defaultBackend: toA })], []],
  [
    'all is there',
    [
      ingress({
        ingressClassName: 'mine',
        tls: [{ secretName: 's' }],
        rules: rules(backend('a', { name: 'web' })),
      }),
      service,
      secret,
      ingressClass,
    ],
    [],
  ],
  [
    'Services and ports that are not there',
    [
      ingress({
        defaultBackend: backend('b', { number: 80 }),
        rules: rules(
          backend('a', { number: 8080 }),
          backend('a', { name: 'http' }),
          backend('a', { number: 53 }),
          { resource: { apiGroup: 'k8s.example', kind: 'Bucket', name: 'x' } },
        ),
      }),
      service,
    ],
    [
      'spec.rules[0].http.paths[0].backend.service.port: Service default/a has no TCP port 8080 (one of 80)',
      'spec.rules[0].http.paths[1].backend.service.port: Service default/a has no TCP port named http (one of web)',
      'spec.rules[0].http.paths[2].backend.service.port: Service default/a has no TCP port 53 (one of 80)',
      'spec.rules[0].http.paths[3].backend.resource: Bucket is no kind that requests go to (name a service)',
      `spec.defaultBackend.service: there is no Service default/b in these files ${mend}`,
    ],
  ],
  [
    'Secrets that are not there',
    [ingress({ defaultBackend: toA, tls: [{ secretName: 't' }, { hosts: ['a.example'] }] }), secret],
    [
      `spec.tls[0].secretName: there is no Secret default/t in these files ${mend}`,
      'spec.tls[1]: names no secretName, so it gives no TLS (name a Secret of type kubernetes.io/tls)',
    ],
  ],
  [
    'where TLS is passed through, Secrets play no part',
    [
      ingress(
        { rules: rules(toA), tls: [{ secretName: 't' }] },
        { 'ingress.cilium.io/tls-passthrough': 'enabled' },
      ),
      secret,
    ],
    [],
  ],
  [
    'a class that is not there',
    [ingress({ ingressClassName: 'other', defaultBackend: toA }), ingressClass],
    [`spec.ingressClassName: there is no IngressClass other in these files ${mend}`],
  ],
  [
    'a class that the older annotation names',
    [ingress({ defaultBackend: toA }, { 'kubernetes.io/ingress.class': 'other' }), ingressClass],
    [
      `metadata.annotations["kubernetes.io/ingress.class"]: there is no IngressClass other in these files ${mend}`,
    ],
  ],
  [
    'a class that is always there',
    [ingress({ ingressClassName: 'cilium', defaultBackend: toA }), ingressClass],
    [],
  ],
])('%s', (_, documents, expected) => {
  expect(warnings(...documents)).toEqual(expected);
});

test('an expression for the root alone is told', () => {
  const path = (path: string | undefined, pathType: string) => ({ path, pathType, backend: toA });
  const paths = [
    path('/', 'ImplementationSpecific'),
    path('/', 'Prefix'),
    path('/.*', 'ImplementationSpecific'),
    path(undefined, 'ImplementationSpecific'),
  ];
  expect(warnings(ingress({ rules: [{ http: { paths } }] }), service)).toEqual([
    'spec.rules[0].http.paths[0].path: is a regular expression for the whole path here, so it takes / and nothing below (write pathType: Prefix, or leave path out for every path)',
  ]);
});
