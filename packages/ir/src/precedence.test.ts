import { describe, expect, test } from 'vitest';
import type { IrHttpMatch, IrHttpRoute } from './http-route.ts';
import { comparePrecedence, type MatchCandidate, type PrecedenceStep } from './precedence.ts';

function match(part: Partial<IrHttpMatch>): IrHttpMatch {
  return { path: { type: 'prefix', value: '/' }, headers: [], query: [], ...part };
}

function route(options: { key?: string; createdAt?: string; rules: IrHttpMatch[][] }): IrHttpRoute {
  const key = options.key ?? 'default/a';
  return {
    kind: 'http-route',
    key,
    source: { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'default', name: 'a' },
    generation: 1,
    createdAt: options.createdAt ?? '',
    attachments: [],
    rules: options.rules.map((matches, index) => ({
      index,
      matches,
      action: { type: 'respond', statusCode: 500, reason: 'test' },
    })),
  };
}

function candidate(part: Partial<IrHttpMatch>, of?: { key?: string; createdAt?: string }): MatchCandidate {
  return { route: route({ ...of, rules: [[match(part)]] }), rule: 0, match: 0 };
}

const header = (name: string) => ({ name, match: { type: 'exact' as const, value: 'x' } });

describe('comparePrecedence', () => {
  const call = (value: string, service: number, method: number, part: Partial<IrHttpMatch> = {}) =>
    candidate({ path: { type: 'regex', value }, call: { service, method }, ...part });
  const table: { step: PrecedenceStep; first: MatchCandidate; second: MatchCandidate }[] = [
    {
      step: 'service length',
      first: call('/long/[^/]+', 4, 0),
      second: call('/[^/]+/muchLonger', 0, 10, { headers: [header('h')] }),
    },
    {
      step: 'method length',
      first: call('/a/longer', 1, 6),
      second: call('/a/[^/]+', 1, 0, { headers: [header('h')] }),
    },
    {
      step: 'header count',
      first: call('/a/[^/]+', 1, 0, { headers: [header('h')] }),
      second: call('/a/[^/]+', 1, 0),
    },
    {
      step: 'path type',
      first: call('/[^/]+/m', 0, 1),
      second: candidate({ call: { service: 0, method: 0 }, headers: [header('h'), header('i')] }),
    },
    {
      step: 'route kind',
      first: candidate({}),
      second: call('/a/b', 1, 1),
    },
    {
      step: 'path type',
      first: candidate({ path: { type: 'exact', value: '/a' } }),
      second: candidate({
        path: { type: 'prefix', value: '/a/long/prefix' },
        method: 'GET',
        headers: [header('h')],
      }),
    },
    {
      step: 'path type',
      first: candidate({ path: { type: 'regex', value: '/a' } }),
      second: candidate({ path: { type: 'prefix', value: '/a/longer' } }),
    },
    {
      step: 'path length',
      first: candidate({ path: { type: 'prefix', value: '/abc' } }),
      second: candidate({ path: { type: 'prefix', value: '/ab' }, method: 'GET' }),
    },
    {
      step: 'method',
      first: candidate({ method: 'GET' }),
      second: candidate({ headers: [header('a'), header('b')] }),
    },
    {
      step: 'header count',
      first: candidate({ headers: [header('a'), header('b')] }),
      second: candidate({ headers: [header('a')], query: [header('q'), header('r')] }),
    },
    {
      step: 'query count',
      first: candidate({ query: [header('q')] }),
      second: candidate({}, { createdAt: '' }),
    },
    {
      step: 'route age',
      first: candidate({}, { key: 'z/z', createdAt: '2024-01-01T00:00:00Z' }),
      second: candidate({}, { key: 'a/a', createdAt: '2025-01-01T00:00:00Z' }),
    },
    { step: 'route name', first: candidate({}, { key: 'a/b' }), second: candidate({}, { key: 'a/c' }) },
  ];
  test.each(table)('$step decides', ({ step, first, second }) => {
    expect(comparePrecedence(first, second)).toMatchObject({ step });
    expect(comparePrecedence(first, second).order).toBeLessThan(0);
    expect(comparePrecedence(second, first).order).toBeGreaterThan(0);
  });

  test('rule order, then match order, is the last step', () => {
    const whole = route({ rules: [[match({}), match({})], [match({})]] });
    const at = (rule: number, index: number): MatchCandidate => ({ route: whole, rule, match: index });
    expect(comparePrecedence(at(0, 1), at(1, 0))).toMatchObject({ step: 'rule order', order: -1 });
    expect(comparePrecedence(at(0, 0), at(0, 1)).order).toBeLessThan(0);
    expect(comparePrecedence(at(0, 0), at(0, 0))).toEqual({ order: 0, step: 'same' });
  });

  test('a candidate that is not in its route is a bug', () => {
    expect(() => comparePrecedence({ ...candidate({}), rule: 7 }, candidate({}))).toThrow(RangeError);
  });
});
