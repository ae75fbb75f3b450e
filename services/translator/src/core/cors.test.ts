import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { translateCors } from './cors.ts';

const filter = { allowOrigins: [], allowMethods: [], allowHeaders: [], exposeHeaders: [], maxAge: 5 };

/** Whether a filter with one origin allows another, as the data plane compares. */
function allows(allowed: string, origin: string): boolean {
  const [match] = translateCors({ ...filter, allowOrigins: [allowed] }).allowOrigins;
  if (match === undefined) return false;
  return match.type === 'exact' ? match.value === origin : RE2JS.matches(match.value, origin);
}

describe('origins', () => {
  test.each([
    ['*', 'https://any.example:1', true],
    ['https://a.example', 'https://a.example', true],
    ['https://A.example:443', 'https://a.example', true],
    ['http://a.example:80', 'http://a.example', true],
    ['https://a.example', 'http://a.example', false],
    ['https://a.example', 'https://a.example:8443', false],
    ['https://a.example:8443', 'https://a.example:8443', true],
    ['https://*.example', 'https://a.b.example', true],
    ['https://*.example', 'https://example', false],
    ['https://*.example', 'https://a.exampleXcom', false],
    ['https://*.example', 'https://evil.test/.example', false],
    ['https://*.example', 'https://evil.test:1.example', false],
    ['https://a.example', 'https://aXexample', false],
    ['https://*:8443', 'https://a.b:8443', true],
    ['https://*', 'https://a.b', true],
    ['https://*', 'https://a.b:8443', false],
  ])('%s and %s: %s', (allowed, origin, expected) => {
    expect(allows(allowed, origin)).toBe(expected);
  });
});

test('every header is exposed only where no credentials go along', () => {
  const exposed = (allowCredentials: boolean) =>
    translateCors({ ...filter, exposeHeaders: ['*', 'X-A'], allowCredentials }).exposeHeaders;
  expect(exposed(false)).toEqual(['*', 'x-a']);
  expect(exposed(true)).toEqual(['x-a']);
});
