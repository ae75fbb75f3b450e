import { describe, expect, test } from 'vitest';
import { servedBy, withServedFeatures } from './served-features.ts';

const group = 'gateway.networking.k8s.io';
const schema = (kind: string, properties: object, inGroup = group): object => ({
  'x-kubernetes-group-version-kind': [{ group: inGroup, kind, version: 'v1' }],
  properties,
});
const list = (properties: object): object => ({ type: 'array', items: { properties } });
const spec = (properties: object): object => ({ spec: { properties } });
const document = (...schemas: readonly object[]): object => ({ components: { schemas: { ...schemas } } });

const claimed = (names: readonly string[], documents: readonly unknown[]): string[] => {
  const status = { conditions: [], supportedFeatures: names.map((name) => ({ name })) };
  const { supportedFeatures } = withServedFeatures(status, servedBy(documents, group));
  return (supportedFeatures as { name: string }[]).map(({ name }) => name);
};

describe('features that a cluster can be asked for', () => {
  const names = [
    'Gateway',
    'GatewayPort8080',
    'HTTPRoute',
    'HTTPRouteRetry',
    'HTTPRouteSchemeRedirect',
    'TCPRoute',
  ];
  const gateway = schema('Gateway', spec({}));

  test('without a field, what needs it is not claimed', () => {
    const standard = document(gateway, schema('HTTPRoute', spec({ rules: list({ timeouts: {} }) })));
    expect(claimed(names, [standard])).toEqual([
      'Gateway',
      'GatewayPort8080',
      'HTTPRoute',
      'HTTPRouteSchemeRedirect',
    ]);
  });

  test('with the field it is', () => {
    const experimental = document(gateway, schema('HTTPRoute', spec({ rules: list({ retry: {} }) })));
    expect(claimed(['HTTPRouteRetry', 'HTTPRouteRetryBackendTimeout'], [experimental])).toHaveLength(2);
  });

  test('the preferred version of a kind counts, and kinds of other groups do not', () => {
    const v1 = document(
      schema('HTTPRoute', spec({ rules: list({}) })),
      schema('TCPRoute', {}, 'else.example'),
    );
    const old = document(schema('HTTPRoute', spec({ rules: list({ retry: {} }) })));
    expect(claimed(names, [v1, old])).toEqual(['HTTPRoute', 'HTTPRouteSchemeRedirect']);
  });

  test.each([
    [[]],
    [[null]],
    [[{ components: { schemas: [1, null, { 'x-kubernetes-group-version-kind': [0] }] } }]],
  ])('a document of any shape serves nothing: %j', (documents) => {
    expect(claimed(names, documents)).toEqual([]);
  });

  test('a status without features stays as it is', () => {
    const status = { conditions: [] };
    expect(withServedFeatures(status, servedBy([], group))).toBe(status);
  });
});
