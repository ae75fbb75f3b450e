import type { ExplainRequest } from '@sluice/ir/explain';
import fc from 'fast-check';
import type { Place } from './route-set.ts';

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

const names = ['a.test', 'b.a.test', 'c.b.a.test', 'd.a.test', 'x.test', 'test', 'other.example'];
const host = fc.oneof(
  { weight: 8, arbitrary: pick(...names) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(pick(...names, 'B.A.Test'), pick('', ':80', ':443', ':8080', '.', '.:80', ':'))
      .map(([name, end]) => `${name}${end}`),
  },
  { weight: 1, arbitrary: pick('[::1]', '[::1]:80', '127.0.0.1:80', '.a.test', '*.a.test', 'a_b', 'a/b') },
);

const segment = pick(
  'a',
  'b',
  'c',
  'A',
  '',
  '.',
  '..',
  '%61',
  '%2e%2E',
  'a%20b',
  'b;x=y',
  '..;x',
  '%2f',
  '%7e',
  '|',
);
const path = fc.oneof(
  { weight: 4, arbitrary: pick('/', '/a', '/a/', '/a/b', '/a/b/c', '/ab', '/b', '/A', '/b;x=y', '/a%20b') },
  {
    weight: 3,
    arbitrary: fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => `/${segments.join('/')}`),
  },
);
const parameter = pick(
  'q=1',
  'q=2',
  'q',
  'Q=1',
  'r=1',
  'r=',
  'q=a%20b',
  'q=a+b',
  '%71=1',
  'q=1=2',
  'x',
  '',
  'r=A',
);
const query = fc.oneof(
  fc.constant(''),
  fc.array(parameter, { maxLength: 3, size: 'max' }).map((parameters) => `?${parameters.join('&')}`),
);

const header = fc.tuple(
  pick('x-a', 'x-a', 'x-b', 'x-b', 'X-A', 'x-c', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded'),
  pick('1', '1', '1', '1', '2', '1,2', '3', 'a', 'https', ''),
);

/** What meets every match of `alikeMatch`. */
const alikeRequest = fc.record({
  target: pick('/a?q=1&r=1', '/a/b?r=1&q=1'),
  headers: fc.constant<[string, string][]>([
    ['x-a', '1'],
    ['x-b', '1'],
  ]),
});

/** Browsers that ask for leave, and such as do not quite. */
const preflightRequest = fc.record({
  target: pick('/', '/a', '/a/b'),
  headers: fc
    .tuple(pick('https://a.test', 'https://b.a.test', 'https://x.test', 'null', ''), pick('PUT', 'GET', ''))
    .map(([origin, method]): [string, string][] => [
      ['origin', origin],
      ...(method === '' ? [] : [['access-control-request-method', method] as [string, string]]),
    ]),
});

/** Where a request goes: to one of these places, in the clear or with one of these server names. */
export function requestTo({ address, httpPort, httpsPort }: Place): fc.Arbitrary<ExplainRequest> {
  const parts = {
    address: fc.constant(address),
    method: pick('GET', 'GET', 'POST', 'OPTIONS', 'PUT'),
    what: fc.oneof(
      fc.record({
        target: fc.tuple(path, query).map(([p, q]) => `${p}${q}`),
        headers: fc.array(header, { maxLength: 4, size: 'max' }),
      }),
      alikeRequest,
      preflightRequest,
    ),
    host,
  };
  const clear = fc.record({ ...parts, port: fc.constant(httpPort) });
  const secure = fc
    .record({
      ...parts,
      port: fc.constant(httpsPort),
      sni: fc.oneof(
        { weight: 9, arbitrary: pick(...names) },
        { weight: 1, arbitrary: pick(undefined, 'B.A.TEST') },
      ),
      sameHost: fc.boolean(),
    })
    .map(({ sni, sameHost, ...rest }) => ({
      ...rest,
      ...(sameHost && sni !== undefined ? { host: sni } : {}),
      tls: sni === undefined ? {} : { sni },
    }));
  return fc
    .oneof({ weight: 3, arbitrary: clear }, { weight: 2, arbitrary: secure })
    .map(({ what: { target, headers }, ...rest }) => ({ ...rest, path: target, headers }));
}
