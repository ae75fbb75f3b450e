import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildSubject, type Domain, domains, parseSubject, subjectFilter } from './subjects.ts';

const parts = fc.record({
  domain: fc.constantFrom(...(Object.keys(domains) as Domain[])),
  group: fc.string({ unit: 'grapheme' }),
  kind: fc.string({ unit: 'grapheme' }),
  namespace: fc.string({ unit: 'grapheme' }),
  name: fc.string({ unit: 'grapheme' }),
});

test('every subject is six tokens of safe characters, and parses back', () => {
  fc.assert(
    fc.property(parts, (value) => {
      const subject = buildSubject(value);
      expect(subject).toMatch(/^[a-z]+\.v1(\.[A-Za-z0-9_=-]+){4}$/);
      expect(parseSubject(subject)).toEqual(value);
    }),
  );
});

test('different parts never share a subject', () => {
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      expect(buildSubject(a) === buildSubject(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});

describe('subjects', () => {
  test('a Kubernetes name reads well', () => {
    const subject = buildSubject({
      domain: 'object',
      group: 'gateway.networking.k8s.io',
      kind: 'HTTPRoute',
      namespace: 'default',
      name: 'my.app',
    });
    expect(subject).toBe('object.v1.gateway_networking_k8s_io.HTTPRoute.default.my_app');
  });

  test.each(['.', '..', '_', '*', '>', 'a b', '=', '\n', '\u202e'])(
    'the name %j stays in its token',
    (name) => {
      const subject = buildSubject({ domain: 'ir', group: '', kind: 'cluster', namespace: '', name });
      expect(subject.split('.')).toHaveLength(6);
      expect(parseSubject(subject).name).toBe(name);
    },
  );

  test.each([
    '',
    'object.v1.a.b.c',
    'other.v1.a.b.c.d',
    'object.v2.a.b.c.d',
    'object.v1.a.b.c.=ZZ',
    'toString.v1.a.b.c.d',
  ])('%j is refused', (subject) => {
    expect(() => parseSubject(subject)).toThrow(RangeError);
  });

  test('filters', () => {
    expect(subjectFilter('object')).toBe('object.v1.>');
    expect(subjectFilter('object', { group: '', kind: 'Service' })).toBe('object.v1._.Service.>');
  });
});
