import { describe, expect, test } from 'vitest';
import { filters, gateway, route, rule, service } from './manifests.fixture.ts';
import { parseObject } from './parse.ts';

describe('rules over several fields', () => {
  const listener = { name: 'a', port: 80, protocol: 'HTTP' };
  const redirect = { type: 'RequestRedirect', requestRedirect: {} };
  const prefixRewrite = {
    type: 'URLRewrite',
    urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/x' } },
  };
  test.each<[string, object, string[]]>([
    [
      'listener names',
      gateway({ listeners: [listener, { ...listener, port: 81 }] }),
      ['spec.listeners[1].name'],
    ],
    [
      'listener combinations',
      gateway({ listeners: [listener, { ...listener, name: 'b' }] }),
      ['spec.listeners[1]'],
    ],
    [
      'tls on HTTP',
      gateway({ listeners: [{ ...listener, tls: { certificateRefs: [{ name: 'c' }] } }] }),
      ['spec.listeners[0].tls'],
    ],
    [
      'no tls on HTTPS',
      gateway({ listeners: [{ ...listener, protocol: 'HTTPS' }] }),
      ['spec.listeners[0].tls'],
    ],
    [
      'no certificate',
      gateway({ listeners: [{ ...listener, protocol: 'HTTPS', tls: {} }] }),
      ['spec.listeners[0].tls.certificateRefs'],
    ],
    [
      'selector missing',
      gateway({ listeners: [{ ...listener, allowedRoutes: { namespaces: { from: 'Selector' } } }] }),
      ['spec.listeners[0].allowedRoutes.namespaces.selector'],
    ],
    ['no listeners', gateway({ listeners: [] }), ['spec.listeners']],
    [
      '5,000 listeners',
      gateway({
        listeners: Array.from({ length: 5000 }, (_, i) => ({ ...listener, name: `l${i}`, port: i + 1 })),
      }),
      ['spec.listeners'],
    ],
    ['5,000 rules', route({ rules: Array.from({ length: 5000 }, () => ({})) }), ['spec.rules']],
    [
      '129 matches',
      route({ rules: [{ matches: Array(64).fill({}) }, { matches: Array(64).fill({}) }, {}] }),
      ['spec.rules'],
    ],
    [
      'redirect and rewrite',
      filters(redirect, { type: 'URLRewrite', urlRewrite: {} }),
      ['spec.rules[0].filters[1]'],
    ],
    [
      'redirect and backend',
      rule({ filters: [redirect], backendRefs: [{ name: 'a', port: 1 }] }),
      ['spec.rules[0].filters[0]'],
    ],
    ['a filter twice', filters(redirect, redirect), ['spec.rules[0].filters[1].type']],
    [
      'prefix rewrite on Exact',
      rule({ matches: [{ path: { type: 'Exact', value: '/a' } }], filters: [prefixRewrite] }),
      ['spec.rules[0].filters[0]'],
    ],
    [
      'prefix rewrite with two matches',
      rule({ matches: [{}, {}], filters: [prefixRewrite] }),
      ['spec.rules[0].filters[0]'],
    ],
    ['prefix rewrite', rule({ matches: [{ path: { value: '/a' } }], filters: [prefixRewrite] }), []],
    [
      'timeouts',
      rule({ timeouts: { request: '1s', backendRequest: '1001ms' } }),
      ['spec.rules[0].timeouts.backendRequest'],
    ],
    [
      'timeouts of which one is no duration',
      rule({ timeouts: { request: 'soon', backendRequest: '2s' } }),
      ['spec.rules[0].timeouts.request'],
    ],
    ['no request limit', rule({ timeouts: { request: '0s', backendRequest: '1h' } }), []],
    ['same parent twice', route({ parentRefs: [{ name: 'g' }, { name: 'g' }] }), ['spec.parentRefs[1]']],
    [
      'same parent, one section',
      route({ parentRefs: [{ name: 'g' }, { name: 'g', sectionName: 'a' }] }),
      ['spec.parentRefs[0]'],
    ],
    [
      'same parent, two sections',
      route({
        parentRefs: [
          { name: 'g', sectionName: 'b' },
          { name: 'g', sectionName: 'a' },
        ],
      }),
      [],
    ],
    [
      'unnamed ports',
      service({ ports: [{ port: 1 }, { port: 2 }] }),
      ['spec.ports[0].name', 'spec.ports[1].name'],
    ],
  ])('%s', (_, object, paths) => {
    const parsed = parseObject(object);
    expect(parsed.ok ? [] : parsed.faults.map((f) => f.path)).toEqual(paths);
  });
});
