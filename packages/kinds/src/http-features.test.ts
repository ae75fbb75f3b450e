import { describe, expect, test } from 'vitest';
import { filters, route, rule } from './manifests.fixture.ts';
import { parseObject } from './parse.ts';

const grpcRoute = (spec: object): object => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GRPCRoute',
  metadata: { name: 'calls' },
  spec,
});
const method = (fields: object): object => grpcRoute({ rules: [{ matches: [{ method: fields }] }] });
const policy = (
  validation: object,
  targetRefs: object[] = [{ group: '', kind: 'Service', name: 'api' }],
) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'BackendTLSPolicy',
  metadata: { name: 'to-api' },
  spec: { targetRefs, validation },
});
const cors = (fields: object): object => filters({ type: 'CORS', cors: fields });
const fullPath = (replaceFullPath: string): object =>
  filters({ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath } } });
const authority = [{ group: '', kind: 'ConfigMap', name: 'ca' }];

/** Faults as `<path>: <message> (<hint>)`. */
function faults(object: unknown): string[] {
  const parsed = parseObject(object);
  return parsed.ok ? [] : parsed.faults.map((f) => `${f.path}: ${f.message} (${f.hint})`);
}

describe('what is refused', () => {
  test.each<[string, object, string[]]>([
    [
      'a query in a full path',
      fullPath('/new?a=1'),
      [
        'spec.rules[0].filters[0].urlRewrite.path.replaceFullPath: must not contain "?" (remove it and what follows: the query of the request stays as it was sent)',
      ],
    ],
    [
      'a fragment in a full path',
      fullPath('/new#top'),
      [
        'spec.rules[0].filters[0].urlRewrite.path.replaceFullPath: must not contain "#" (remove it and what follows: a fragment never reaches a server)',
      ],
    ],
    [
      'an origin with a path',
      cors({ allowOrigins: ['https://a.example/x'] }),
      [
        'spec.rules[0].filters[0].cors.allowOrigins[0]: must be "*" or an origin such as https://www.example.com or https://*.example.com (write scheme and host, and the port where it is not the usual one; no path)',
      ],
    ],
    [
      'every origin beside another',
      cors({ allowOrigins: ['*', 'https://a.example'] }),
      ['spec.rules[0].filters[0].cors.allowOrigins: "*" must stand alone ()'],
    ],
    ['no attempt', rule({ retry: { attempts: 0 } }), ['spec.rules[0].retry.attempts: must be 1 or more ()']],
    [
      'a code that is no error',
      rule({ retry: { codes: [302] } }),
      ['spec.rules[0].retry.codes[0]: must be from 400 to 599 ()'],
    ],
    [
      'a method match of nothing',
      method({}),
      [
        'spec.rules[0].matches[0].method: must name a service, a method or both (leave it out to match every call)',
      ],
    ],
    [
      'a path for a service',
      method({ service: '/shop.Orders' }),
      [
        'spec.rules[0].matches[0].method.service: must be a protobuf service such as shop.v1.Orders (write package and service)',
      ],
    ],
    [
      'a rewrite in a GRPCRoute',
      grpcRoute({ rules: [{ filters: [{ type: 'URLRewrite', urlRewrite: {} }] }] }),
      [
        'spec.rules[0].filters[0].type: must be one of RequestHeaderModifier, ResponseHeaderModifier, RequestMirror, ExtensionRef ()',
      ],
    ],
    [
      'a policy without an authority',
      policy({ hostname: 'api.example' }),
      [
        'spec.validation.caCertificateRefs: must name who signs the certificate of the backend (name a ConfigMap with the key ca.crt, or set wellKnownCACertificates: System)',
      ],
    ],
    [
      'two kinds of authorities',
      policy({ hostname: 'api.example', caCertificateRefs: authority, wellKnownCACertificates: 'System' }),
      [
        'spec.validation.wellKnownCACertificates: must not stand beside caCertificateRefs (remove one of the two)',
      ],
    ],
    [
      'one target with and without a port',
      policy({ hostname: 'a.example', wellKnownCACertificates: 'System' }, [
        { group: '', kind: 'Service', name: 'api' },
        { group: '', kind: 'Service', name: 'api', sectionName: 'https' },
      ]),
      [
        'spec.targetRefs[0]: must set sectionName, since targetRefs[0] and targetRefs[1] name the same target (give each reference the name of a port of the Service as sectionName)',
      ],
    ],
    [
      'a name of the wrong type',
      policy({
        hostname: 'a.example',
        caCertificateRefs: authority,
        subjectAltNames: [{ type: 'URI', hostname: 'a.example' }],
      }),
      [
        'spec.validation.subjectAltNames[0].uri: is required ()',
        'spec.validation.subjectAltNames[0].hostname: unknown field (hostname does not fit the type of spec.validation.subjectAltNames[0]: change the type, or remove hostname)',
      ],
    ],
  ])('%s', (_, object, expected) => {
    expect(faults(object)).toEqual(expected);
  });
});

describe('what is taken', () => {
  test.each<[string, object]>([
    ['origins', cors({ allowOrigins: ['https://*.example.com', 'http://a.example:8080', 'https://*'] })],
    ['every origin', cors({ allowOrigins: ['*'], allowCredentials: true })],
    ['a retry', rule({ retry: { codes: [500, 503], attempts: 3, backoff: '100ms' } })],
    ['a method by expression', method({ type: 'RegularExpression', method: 'Get.*' })],
    ['a fully qualified service', method({ service: '.shop.v1.Orders' })],
    ['many mirrors', filters(...[1, 2].map((port) => mirrorTo(port)))],
    ['a route without rules', grpcRoute({ parentRefs: [{ name: 'edge' }] })],
    ['a path with an escaped question mark', fullPath('/new%3Fa')],
    ['an HTTPRoute beside it', route({})],
  ])('%s', (_, object) => {
    expect(faults(object)).toEqual([]);
  });

  test('of a ConfigMap only the authorities are kept', () => {
    const parsed = parseObject({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'ca' },
      data: { 'ca.crt': 'PEM', 'app.yaml': 'x'.repeat(100_000) },
      binaryData: { 'x.bin': 'AAAA' },
    });
    expect(parsed).toMatchObject({ ok: true, object: { data: { 'ca.crt': 'PEM' }, binaryData: {} } });
    expect(parsed.ok && Object.keys('data' in parsed.object ? parsed.object.data : {})).toEqual(['ca.crt']);
  });
});

function mirrorTo(port: number): object {
  return { type: 'RequestMirror', requestMirror: { backendRef: { name: 'log', port }, percent: 10 } };
}
