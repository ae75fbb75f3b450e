// Cost follows the change where many Ingresses share one listener: runs of transforms are counted.
import { expect, test } from 'vitest';
import {
  addressFact,
  builtInClasses,
  builtInIngressClasses,
  controllerNames,
  envoyAck,
  factInput,
  objectFact,
  sameCost,
  syncedFacts,
} from '../../scenario.fixture.ts';
import { createTranslator, type FactInput } from '../index.ts';

/** Services that requests go to; the Ingresses take turns. */
const services = 20;

interface Change {
  readonly path?: string;
  /** Its host has TLS. */
  readonly secure?: boolean;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
}

function ingress(i: number, of: Change = {}): FactInput {
  const { path = '/a', secure = false, labels = {}, annotations = {} } = of;
  return objectFact({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: `i${i}`,
      labels,
      annotations: { 'sluice.io/loadbalancer-mode': 'shared', ...annotations },
    },
    spec: {
      ingressClassName: 'sluice',
      ...(secure ? { tls: [{ hosts: [`h${i}.example`], secretName: 'cert' }] } : {}),
      rules: [
        { host: `h${i}.example`, http: { paths: [{ path, pathType: 'Prefix', backend: backend(i) }] } },
      ],
    },
  });
}

function backend(i: number): object {
  return { service: { name: `s${i % services}`, port: { name: 'http' } } };
}

function service(i: number): FactInput {
  return objectFact({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `s${i}` },
    spec: { ports: [{ name: 'http', port: 80 }] },
  });
}

const certificate = factInput({
  type: 'CertificateObserved',
  ref: { group: '', kind: 'Secret', namespace: 'default', name: 'cert' },
  uid: 'u',
  secretType: 'kubernetes.io/tls',
  digest: 'd',
  dnsNames: [],
  notBefore: '2026-01-01T00:00:00Z',
  notAfter: '2099-01-01T00:00:00Z',
  expired: false,
  fault: '',
});

function removed(i: number): FactInput {
  const ref = { group: 'networking.k8s.io', kind: 'Ingress', namespace: 'default', name: `i${i}` };
  return factInput({ type: 'ObjectDeleted', ref, uid: '' });
}

function world(count: number, of: Change = {}) {
  const translator = createTranslator({ controllerNames });
  let seq = 1;
  const apply = (facts: readonly FactInput[]) => {
    const revision = { epoch: 1, seq: seq++ };
    const { ir, status, transforms } = translator.apply({ facts, acks: [envoyAck('e1')], revision });
    return {
      transforms,
      puts: ir.puts.map(({ kind, key }) => `${kind} ${key}`),
      removes: ir.removes.map(({ kind, key }) => `${kind} ${key}`),
      statuses: status.puts.map(({ ref }) => `${ref.kind} ${ref.name}`),
      gone: status.removes.map(({ group, kind, name }) => `${kind}.${group} ${name}`),
    };
  };
  apply([
    ...builtInClasses(),
    ...builtInIngressClasses(),
    addressFact('/sluice', ['127.80.0.1'], 'IngressClass'),
    ...Array.from({ length: services }, (__, i) => service(i)),
    ...(of.secure ? [certificate] : []),
    ...Array.from({ length: count }, (__, i) => ingress(i, of)),
    ...syncedFacts(),
  ]);
  return apply;
}

test('one change among 100 and among 5,000 Ingresses of one listener costs the same', () => {
  const both = sameCost(world(100), world(5_000));
  const quiet = { puts: [], removes: [], statuses: [], gone: [] };
  const route = (i: number) => `http-route ingress:default/i${i}#h${i}.example`;
  const path = both(ingress(7, { path: '/b' }));
  expect(path).toMatchObject({ ...quiet, puts: [route(7)] });
  expect(path.transforms).toBeLessThanOrEqual(10);
  const labels = both(ingress(8, { labels: { a: 'b' } }));
  expect(labels).toMatchObject(quiet);
  expect(labels.transforms).toBeLessThanOrEqual(8);
  const timeout = both(ingress(9, { annotations: { 'sluice.io/request-timeout': '1s' } }));
  expect(timeout).toMatchObject({ ...quiet, puts: [route(9)] });
  expect(timeout.transforms).toBeLessThanOrEqual(12);
  const mistaken = both(ingress(9, { annotations: { 'sluice.io/request-timeout': 'soon' } }));
  expect(mistaken).toMatchObject({ ...quiet, puts: [route(9)], statuses: ['Ingress i9'] });
  expect(both(removed(10))).toMatchObject({
    ...quiet,
    removes: [route(10)],
    gone: ['Ingress.networking.k8s.io i10'],
  });
  expect(both(ingress(10))).toMatchObject({ ...quiet, puts: [route(10)], statuses: ['Ingress i10'] });
});

test('with TLS, too: a changed path touches no listener', () => {
  const secure = true;
  const both = sameCost(world(100, { secure }), world(2_000, { secure }));
  const path = both(ingress(7, { secure, path: '/b' }));
  expect(path.puts).toEqual([
    'http-route ingress:default/i7#h7.example',
    'http-route ingress:default/i7#redirect#h7.example',
  ]);
  expect(path).toMatchObject({ removes: [], statuses: [], gone: [] });
  expect(path.transforms).toBeLessThanOrEqual(12);
});
