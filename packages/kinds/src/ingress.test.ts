import { describe, expect, test } from 'vitest';
import { parseObject } from './parse.ts';

const ingress = (spec: unknown): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'i' },
  spec,
});
const backend = { service: { name: 'details', port: { number: 9080 } } };
const path = (fields: object): object => ingress({ rules: [{ http: { paths: [{ backend, ...fields }] } }] });

/** Faults as `<path>: <message> (<hint>)`. */
function faults(object: unknown): string[] {
  const parsed = parseObject(object);
  return parsed.ok ? [] : parsed.faults.map((f) => `${f.path}: ${f.message} (${f.hint})`);
}

test('what is left out is filled in', () => {
  const parsed = parseObject(path({ pathType: 'ImplementationSpecific' }));
  expect(parsed).toMatchObject({
    ok: true,
    object: {
      spec: { tls: [], rules: [{ host: '', http: { paths: [{ path: '', backend }] } }] },
    },
  });
});

describe('what is refused', () => {
  test.each<[string, object, string[]]>([
    [
      'the Ingress of the talk: path and pathType inside backend',
      ingress({
        rules: [{ http: { paths: [{ backend: { ...backend, path: '/details', pathType: 'Prefix' } }] } }],
      }),
      [
        'spec.rules[0].http.paths[0].backend.path: unknown field (path belongs beside backend: move it to spec.rules[0].http.paths[0].path)',
        'spec.rules[0].http.paths[0].backend.pathType: unknown field (pathType belongs beside backend: move it to spec.rules[0].http.paths[0].pathType)',
      ],
    ],
    [
      'no path type',
      path({ path: '/' }),
      ['spec.rules[0].http.paths[0].pathType: is required (one of Exact, Prefix, ImplementationSpecific)'],
    ],
    [
      'a relative path',
      path({ path: 'a', pathType: 'Prefix' }),
      ['spec.rules[0].http.paths[0].path: must start with "/" (write "/a")'],
    ],
    [
      'a path that no request has',
      path({ path: '/a/../b', pathType: 'Exact' }),
      ['spec.rules[0].http.paths[0].path: must not contain a segment ".." ()'],
    ],
    [
      'a line break in a path',
      path({ path: '/a\nb', pathType: 'ImplementationSpecific' }),
      ['spec.rules[0].http.paths[0].path: must not contain control characters ()'],
    ],
    [
      'a port by name and number',
      path({
        path: '/',
        pathType: 'Exact',
        backend: { service: { name: 's', port: { name: 'a', number: 1 } } },
      }),
      [
        'spec.rules[0].http.paths[0].backend.service.port.name: must not stand beside number (remove one of the two)',
      ],
    ],
    [
      'no backend',
      path({ path: '/', pathType: 'Exact', backend: {} }),
      ['spec.rules[0].http.paths[0].backend: must have service or resource (add service)'],
    ],
    [
      'an address as host',
      ingress({
        rules: [{ host: '10.0.0.1', http: { paths: [{ path: '/', pathType: 'Exact', backend }] } }],
      }),
      ['spec.rules[0].host: must be a DNS name, not an IP address ()'],
    ],
    [
      'nothing',
      ingress({}),
      [
        'spec.rules: must have at least one rule, unless there is a defaultBackend (add a rule with http.paths)',
      ],
    ],
    [
      'v1beta1',
      { ...ingress({}), apiVersion: 'networking.k8s.io/v1beta1' },
      ['apiVersion: version is not known (use networking.k8s.io/v1)'],
    ],
  ])('%s', (_, object, expected) => expect(faults(object)).toEqual(expected));
});

describe('what is taken', () => {
  test.each<[string, object]>([
    ['quotes, backticks and percent signs', path({ path: '/a"b\'c`d%REQ(x)%', pathType: 'Exact' })],
    ['an expression', path({ path: '/v[0-9]+/.*', pathType: 'ImplementationSpecific' })],
    ['a wildcard', ingress({ rules: [{ host: '*.example.com' }] })],
    ['a default backend alone', ingress({ defaultBackend: backend })],
    [
      'a backend that is no Service',
      ingress({ defaultBackend: { resource: { apiGroup: 'a.example', kind: 'Bucket', name: 'b' } } }),
    ],
    [
      'a class',
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'IngressClass',
        metadata: { name: 'c' },
        spec: { controller: 'a.example/b', parameters: { kind: 'P', name: 'p' } },
      },
    ],
  ])('%s', (_, object) => expect(faults(object)).toEqual([]));
});
