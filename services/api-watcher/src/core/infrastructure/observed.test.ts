import { expect, test } from 'vitest';
import { asApiObject } from '../kubernetes/api-object.ts';
import { envoyOf, holds, ingressOf } from './observed.ts';

const object = (rest: object, metadata: object = {}) => {
  const made = asApiObject({ metadata: { name: 'n', uid: 'u', resourceVersion: '1', ...metadata }, ...rest });
  if (made === undefined) throw new Error('no object');
  return made;
};

test.each([
  [
    'addresses',
    { loadBalancer: { ingress: [{ ip: '203.0.113.7' }, { ip: '2001:db8::7' }] } },
    { addresses: ['203.0.113.7', '2001:db8::7'], hostnames: [] },
  ],
  [
    'a name',
    { loadBalancer: { ingress: [{ hostname: 'lb.example' }] } },
    { addresses: [], hostnames: ['lb.example'] },
  ],
  [
    'both',
    { loadBalancer: { ingress: [{ ip: '203.0.113.7', hostname: 'lb.example' }] } },
    { addresses: ['203.0.113.7'], hostnames: ['lb.example'] },
  ],
  [
    'what is no name',
    {
      loadBalancer: {
        ingress: [{ hostname: 'LB_1' }, { hostname: `${'a'.repeat(64)}.b` }, { hostname: 7 }, 'x'],
      },
    },
    { addresses: [], hostnames: [] },
  ],
  ['nothing yet', { loadBalancer: {} }, { addresses: [], hostnames: [] }],
  ['something else', { loadBalancer: { ingress: 'x' } }, { addresses: [], hostnames: [] }],
  ['no status', undefined, { addresses: [], hostnames: [] }],
])('ingress of a Service with %s', (_what, status, expected) => {
  expect(ingressOf(object({ status }))).toEqual(expected);
});

test('a Pod is an Envoy once it has an address and a node, and until it has ended', () => {
  const spec = { nodeName: 'n1' };
  const ready = [{ type: 'Ready', status: 'True' }];
  const pod = (status: object, metadata: object = {}) => envoyOf(object({ spec, status }, metadata));
  const envoy = { ip: '10.0.0.1', node: 'n1' };
  expect(pod({ podIP: '10.0.0.1', conditions: ready })).toEqual({
    ...envoy,
    ready: true,
    terminating: false,
  });
  expect(pod({ podIP: '10.0.0.1' })).toEqual({ ...envoy, ready: false, terminating: false });
  expect(
    pod({ podIP: '10.0.0.1', conditions: ready }, { deletionTimestamp: '2026-11-22T00:00:00Z' }),
  ).toEqual({
    ...envoy,
    ready: true,
    terminating: true,
  });
  expect(pod({})).toBeUndefined();
  expect(pod({ podIP: '10.0.0.1', phase: 'Failed' })).toBeUndefined();
});

test.each([
  [{ a: 1, b: 2 }, { a: 1 }, true],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [{ ports: [{ port: 80, nodePort: 30_000 }] }, { ports: [{ port: 80 }] }, true],
  [{ ports: [{ port: 80 }, { port: 81 }] }, { ports: [{ port: 80 }] }, false],
  [{ ports: [] }, { ports: [] }, true],
  [undefined, { a: 1 }, false],
])('%j holds %j: %s', (there, wanted, expected) => {
  expect(holds(there, wanted)).toBe(expected);
});
