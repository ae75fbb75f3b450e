// Cost follows the change: runs of transforms are counted, no time is measured.
import { beforeAll, describe, expect, test } from 'vitest';
import {
  addressFact,
  builtInClasses,
  controllerNames,
  envoyAck,
  objectFact,
  syncedFacts,
} from '../scenario.fixture.ts';
import { createTranslator, type FactInput, type Translator, type TranslatorOutput } from './index.ts';

const gatewayApi = 'gateway.networking.k8s.io/v1';

function gateway(name: string): FactInput {
  const listeners = [
    { name: 'http', protocol: 'HTTP', port: 80 },
    { name: 'www', protocol: 'HTTP', port: 80, hostname: 'www.example.com' },
  ];
  return objectFact({
    apiVersion: gatewayApi,
    kind: 'Gateway',
    metadata: { name },
    spec: { gatewayClassName: 'sluice', listeners },
  });
}

function route(
  i: number,
  of: { gateway: string; hostname: string; service: string; path?: string },
): FactInput {
  return objectFact({
    apiVersion: gatewayApi,
    kind: 'HTTPRoute',
    metadata: { name: `r${i}` },
    spec: {
      parentRefs: [{ name: of.gateway }],
      hostnames: [of.hostname],
      rules: [
        {
          matches: [{ path: { value: of.path ?? `/p${i}` } }],
          backendRefs: [{ name: of.service, port: 80 }],
        },
      ],
    },
  });
}

function service(name: string, labels: Record<string, string> = {}): FactInput {
  return objectFact({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels },
    spec: { ports: [{ name: 'http', port: 80 }] },
  });
}

function slice(serviceName: string, address: string): FactInput {
  return objectFact({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${serviceName}-s`, labels: { 'kubernetes.io/service-name': serviceName } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: [{ addresses: [address] }],
  });
}

/** A world with `count` routes that share everything, or share nothing. */
function world(count: number, shared: boolean) {
  const gateways = shared ? 1 : count / 10;
  const services = shared ? 1 : count;
  const of = (i: number) => ({
    gateway: `g${i % gateways}`,
    hostname: shared ? 'www.example.com' : `h${i}.example.com`,
    service: `s${i % services}`,
  });
  const range = (n: number) => Array.from({ length: n }, (_, i) => i);
  const facts = [
    ...builtInClasses(),
    ...range(gateways).flatMap((i) => [
      gateway(`g${i}`),
      addressFact(`default/g${i}`, [`127.81.${i >> 8}.${i & 255}`]),
    ]),
    ...range(services).flatMap((i) => [service(`s${i}`), slice(`s${i}`, '10.0.0.1')]),
    ...range(count).map((i) => route(i, of(i))),
    ...syncedFacts(),
  ];
  const translator = createTranslator({ controllerNames });
  let seq = 1;
  const apply = (
    input: Parameters<Translator['apply']>[0] extends infer I ? Omit<I & object, 'revision'> : never,
  ) => translator.apply({ ...input, revision: { epoch: 1, seq: seq++ } });
  apply({ facts, acks: [envoyAck('e1'), envoyAck('e2')] });
  return { translator, apply, of };
}

function sizes({ ir, status }: TranslatorOutput) {
  return {
    puts: ir.puts.map((r) => r.kind),
    removes: ir.removes.map((r) => r.kind),
    statuses: status.puts.map((s) => s.ref.kind),
  };
}

describe.each([
  { shared: true, name: 'one Gateway, one hostname and one Service' },
  { shared: false, name: 'a hostname and a Service for each' },
])('10,000 routes with $name', ({ shared }) => {
  const small = world(100, shared);
  let big: ReturnType<typeof world>;
  beforeAll(() => {
    big = world(10_000, shared);
  }, 120_000);

  /** The same change at 100 and at 10,000 routes: the same output and the same number of transforms. */
  function both(facts: (of: typeof small.of) => readonly FactInput[]) {
    const few = small.apply({ facts: facts(small.of) });
    const many = big.apply({ facts: facts(big.of) });
    expect(many.transforms).toBe(few.transforms);
    expect(sizes(many)).toEqual(sizes(few));
    return { transforms: many.transforms, ...sizes(many) };
  }

  test('a changed route puts one route', () => {
    const change = both((of) => [route(7, { ...of(7), path: '/other' })]);
    expect(change).toMatchObject({ puts: ['http-route'], removes: [], statuses: [] });
    expect(change.transforms).toBeLessThanOrEqual(8);
  });

  test('a new route puts one route, and the counts of its Gateway', () => {
    const change = both((of) => [route(20_000, { ...of(3), path: '/new' })]);
    expect(change).toMatchObject({ puts: ['http-route'], statuses: ['Gateway', 'HTTPRoute'] });
    expect(change.transforms).toBeLessThanOrEqual(15);
  });

  test('a deleted route removes one route', () => {
    const ref = {
      group: 'gateway.networking.k8s.io',
      kind: 'HTTPRoute',
      namespace: 'default',
      name: 'r20000',
    };
    const gone: FactInput = {
      subject: route(20_000, small.of(0)).subject,
      fact: { type: 'ObjectDeleted', ref, uid: '' },
    };
    const change = both(() => [gone]);
    expect(change).toMatchObject({ puts: [], removes: ['http-route'], statuses: ['Gateway'] });
    expect(change.transforms).toBeLessThanOrEqual(10);
  });

  test('a changed endpoint puts its group and touches no route', () => {
    const change = both(() => [slice('s0', '10.0.0.2')]);
    expect(change).toMatchObject({ puts: ['endpoint-group'], removes: [], statuses: [] });
    expect(change.transforms).toBe(1);
  });

  test('labels of a Service, an equal object, an unrelated grant change nothing', () => {
    const grant = objectFact({
      apiVersion: gatewayApi,
      kind: 'ReferenceGrant',
      metadata: { name: 'g' },
      spec: { from: [{ group: '', kind: 'X', namespace: 'y' }], to: [{ group: '', kind: 'Service' }] },
    });
    const change = both((of) => [service('s0', { a: 'b' }), route(8, of(8)), grant]);
    expect(change).toMatchObject({ puts: [], removes: [], statuses: [] });
    expect(change.transforms).toBeLessThanOrEqual(5);
  });

  test('an acknowledgement that no Gateway waits for runs nothing', () => {
    const change = big.apply({ acks: [envoyAck('e2', { acked: { epoch: 2_000_000, seq: 1 } })] });
    expect(change.transforms).toBe(0);
  });

  test('a new address of a Gateway touches its listeners and no route', () => {
    const change = both(() => [addressFact('default/g0', ['127.99.0.1'])]);
    expect(change).toMatchObject({ puts: ['gateway', 'listener'], statuses: ['Gateway'] });
    expect(change.transforms).toBeLessThanOrEqual(20);
  });
});
