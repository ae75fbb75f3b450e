import { describe, expect, test } from 'vitest';
import { translateFilters } from './http-filter.ts';

const redirect = { type: 'RequestRedirect' as const, requestRedirect: { statusCode: 302 as const } };
const rewrite = { type: 'URLRewrite' as const, urlRewrite: { hostname: 'X.example.com' } };
const edit = (set: { name: string; value: string }[]) => ({
  type: 'RequestHeaderModifier' as const,
  requestHeaderModifier: { set, add: [], remove: [] },
});

describe('translateFilters', () => {
  test('a redirect beside a rewrite cannot be served', () => {
    const { faults } = translateFilters([redirect, rewrite], 'rule', 'filters');
    expect(faults).toEqual([
      { reason: 'IncompatibleFilters', message: 'filters holds both RequestRedirect and URLRewrite' },
    ]);
  });

  test('neither can two of one type', () => {
    const { faults } = translateFilters([edit([]), edit([])], 'rule', 'filters');
    expect(faults).toEqual([
      { reason: 'IncompatibleFilters', message: 'filters[1] repeats RequestHeaderModifier' },
    ]);
  });

  test('header names are lower case, and the first of a name counts', () => {
    const { requestHeaders } = translateFilters(
      [
        edit([
          { name: 'X-A', value: '1' },
          { name: 'x-a', value: '2' },
        ]),
      ],
      'rule',
      'filters',
    );
    expect(requestHeaders).toEqual({ set: [{ name: 'x-a', value: '1' }], add: [], remove: [] });
  });

  test('a prefix is replaced in normal form, and an empty one by /', () => {
    const replace = (replacePrefixMatch: string) =>
      translateFilters(
        [{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch } } }],
        'rule',
        'filters',
      ).pathRewrite;
    expect(replace('/a//')).toEqual({ type: 'prefix', value: '/a' });
    expect(replace('')).toEqual({ type: 'prefix', value: '/' });
    expect(replace('a')).toEqual({ type: 'prefix', value: '/a' });
  });
});
