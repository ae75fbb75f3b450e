import { validateDocuments } from '@sluice/api-watcher/core';
import { expect, test } from 'vitest';
import { referenceWarnings } from './reference-warnings.ts';

/** Warnings on documents, as `path: message`. */
function warnings(...documents: readonly object[]): string[] {
  const text = documents.map((document) => JSON.stringify(document)).join('\n---\n');
  const { objects, faults } = validateDocuments(text, 'a.yaml');
  expect(faults).toEqual([]);
  return referenceWarnings(objects).map(({ path, message, hint }) => `${path}: ${message} (${hint})`);
}

const gatewayApi = (kind: string, spec: object, name = 'x') => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind,
  metadata: { name },
  spec,
});
const service = (name: string, ports: object[]) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ports },
});
const configMap = (name: string, data: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});
const policy = (targetRefs: object[], caCertificateRefs: object[]) =>
  gatewayApi('BackendTLSPolicy', { targetRefs, validation: { hostname: 'a.example', caCertificateRefs } });
const target = (name: string, sectionName?: string) => ({ group: '', kind: 'Service', name, sectionName });
const authority = (name: string, kind = 'ConfigMap') => ({ group: '', kind, name });

test.each<[string, object[], string[]]>([
  [
    'a policy whose Service, port and authorities are there',
    [policy([target('a', 'https')], [authority('ca')]), service('a', [{ name: 'https', port: 443 }])],
    [],
  ],
  [
    'a policy for what is not there',
    [
      policy(
        [target('a', 'tls'), target('b')],
        [authority('ca'), authority('none'), authority('s', 'Secret')],
      ),
      service('a', [{ name: 'https', port: 443 }]),
      configMap('ca', {}),
    ],
    [
      'spec.targetRefs[0].sectionName: Service default/a has no port named tls (one of https)',
      'spec.targetRefs[1]: there is no Service default/b in these files (name one of them, or add it)',
      'spec.validation.caCertificateRefs[0]: ConfigMap default/ca has no key ca.crt (add the certificates of the authorities, PEM, under data["ca.crt"])',
      'spec.validation.caCertificateRefs[1]: there is no ConfigMap default/none in these files (name one of them, or add it)',
      'spec.validation.caCertificateRefs[2]: Secret is no kind that authorities are read from (name a ConfigMap, with group: "")',
    ],
  ],
  [
    'a ListenerSet of a Gateway that takes none, and a route of a listener that the set has not',
    [
      gatewayApi(
        'Gateway',
        { gatewayClassName: 'c', listeners: [{ name: 'w', protocol: 'HTTP', port: 80 }] },
        'g',
      ),
      gatewayApi(
        'ListenerSet',
        { parentRef: { name: 'g' }, listeners: [{ name: 'db', protocol: 'TCP', port: 5432 }] },
        'set',
      ),
      gatewayApi('TCPRoute', {
        parentRefs: [{ kind: 'ListenerSet', name: 'set', sectionName: 'orders' }],
        rules: [{ backendRefs: [{ name: 'db', port: 5432 }] }],
      }),
    ],
    [
      'spec.parentRef: Gateway default/g takes no listeners of others (set spec.allowedListeners.namespaces.from of the Gateway to Same, All or Selector)',
      'spec.parentRefs[0].sectionName: ListenerSet default/set has no listener orders (one of db)',
    ],
  ],
])('%s', (_, documents, expected) => {
  expect(warnings(...documents)).toEqual(expected);
});
