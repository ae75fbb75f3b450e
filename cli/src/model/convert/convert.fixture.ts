// Random Ingresses and requests, and the IR of manifests, for tests of conversions. The IR is made by the very plan and
// translation of the platform.
import { type Environment, previewFacts, validateFiles } from '@sluice/api-watcher/core';
import type { Fact } from '@sluice/events';
import { gatewayKey, type IrResource } from '@sluice/ir';
import { type ExplainRequest, explainRequest, IrIndex } from '@sluice/ir/explain';
import { translateFromScratch } from '@sluice/translator/core';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { inputOf } from '../../commands/convert-ingress-action.ts';
import { convertIngresses } from './convert-ingress.ts';
import type { ConversionNote } from './ingress-group.ts';

const controllerNames = ['sluice.dev/gateway-controller', 'io.cilium/gateway-controller'];

const environment: Environment = {
  addressing: {
    kind: 'pool',
    pool: Array.from({ length: 50 }, (_, i) => `127.80.0.${i + 1}`),
    lowPortOffset: 0,
    usable: () => true,
  },
  standalone: true,
  controllers: new Set(controllerNames),
  keyId: 'k',
  maxEventBytes: 8_000_000,
  inspect: () => ({ digest: 'd', dnsNames: [], notBefore: '', notAfter: '2099-01-01T00:00:00Z', fault: '' }),
};

/** The Services that generated Ingresses name, with a port 80 named `web`, and Secrets `c1` and `c2`. */
export const surroundings: readonly object[] = [
  ...['s1', 's2', 's3'].flatMap((name, i) => [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { ports: [{ name: 'web', port: 80 }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: 'web', port: 8080 }],
      endpoints: [{ addresses: [`10.0.0.${i + 1}`] }],
    },
  ]),
  ...['c1', 'c2'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': 'YQ==', 'tls.key': 'YQ==' },
  })),
];

/** What a request is answered by; the address is that of the Gateway, or of what stands for one. */
export interface Answering {
  readonly ir: IrIndex;
  /** By `gatewayKey`. */
  readonly addresses: ReadonlyMap<string, string>;
}

/** Takes manifests as `sluice up` would. @throws Error where one is refused */
export function answering(objects: readonly object[]): Answering {
  const content = new TextEncoder().encode(objects.map((o) => stringify(o)).join('---\n'));
  const planned = previewFacts({
    files: new Map([['all.yaml', content]]),
    facts: new Map(),
    nowMs: Date.parse('2026-01-01T00:00:00Z'),
    environment,
  });
  const refused = planned.flatMap(({ fact }) => (fact.type === 'ObjectRefused' ? fact.faults : []));
  if (refused.length > 0) throw new Error(`refused: ${JSON.stringify(refused)}`);
  const facts = planned.map(({ fact, encoded }) => ({ subject: encoded.subject, fact }));
  const { ir } = translateFromScratch(facts, { controllerNames });
  return {
    ir: new IrIndex(ir.values() as Iterable<IrResource>),
    addresses: addressesOf(facts.map((f) => f.fact)),
  };
}

function addressesOf(facts: readonly Fact[]): Map<string, string> {
  return new Map(
    facts.flatMap((fact) =>
      fact.type === 'AddressAssigned' && fact.addresses[0] !== undefined
        ? [[gatewayKey(fact.gateway), fact.addresses[0]] as const]
        : [],
    ),
  );
}

/** What Ingresses become: manifests and notes. */
export function converted(objects: readonly object[]): { objects: object[]; notes: ConversionNote[] } {
  const content = objects.map((o) => stringify(o)).join('---\n');
  const read = validateFiles([{ file: 'all.yaml', content }]);
  if (read.faults.length > 0) throw new Error(`bad manifests: ${JSON.stringify(read.faults)}`);
  const groups = convertIngresses(inputOf(read, { namespace: 'default' }));
  return { objects: groups.flatMap((g) => g.objects), notes: groups.flatMap((g) => g.notes) };
}

/** The answer, without words and without which route gave it. */
export function answerOf({ ir }: Answering, request: ExplainRequest): unknown {
  const { outcome } = explainRequest(ir, request);
  switch (outcome.type) {
    case 'refused':
      return { refused: outcome.status };
    case 'forward':
      return { path: outcome.path, targets: outcome.targets };
    case 'redirect':
      return { status: outcome.status, location: outcome.location };
    default:
      return { status: outcome.status };
  }
}

const host = fc.constantFrom('', 'a.example', 'b.example', '*.example', 'x.a.example', '*.a.example');
const path = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('Exact', 'Prefix'),
      fc.constantFrom('/', '/a', '/a/', '/a/b', '/a/b/c', '/ab', '/x.y', "/q(1)'$&"),
    )
    .map(([pathType, value]) => ({ pathType, path: value })),
  fc
    .constantFrom('', '/', '/a', '/a/.*', '/[a-z]+', '/(a|x)[.]?.*', '/a{2,', '/b"c`%REQ(x)%')
    .map((value) => ({ pathType: 'ImplementationSpecific', path: value })),
);
const backend = fc
  .tuple(
    fc.constantFrom('s1', 's2', 's3', 's3', 'gone'),
    fc.constantFrom({ number: 80 }, { name: 'web' }, { number: 81 }),
  )
  .map(([name, port]) => ({ service: { name, port } }));
const rule = fc
  .tuple(host, fc.option(fc.array(fc.tuple(path, backend), { minLength: 1, maxLength: 4 })))
  .map(([name, paths]) => ({
    ...(name === '' ? {} : { host: name }),
    ...(paths === null ? {} : { http: { paths: paths.map(([p, b]) => ({ ...p, backend: b })) } }),
  }));
const tls = fc
  .tuple(fc.uniqueArray(host, { maxLength: 2 }), fc.constantFrom('c1', 'c2'))
  .map(([hosts, secretName]) => ({ hosts: hosts.filter((h) => h !== ''), secretName }));
const annotations = fc
  .record({
    'ingress.cilium.io/force-https': fc.constantFrom(undefined, 'enabled', 'disabled', 'what'),
    'sluice.io/host-listener-port': fc.constantFrom(undefined, undefined, '8080'),
    'sluice.io/request-timeout': fc.constantFrom(undefined, '1m30s'),
  })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));

/** One to three Ingresses that share a Gateway, or one with its own. */
export const ingresses: fc.Arbitrary<readonly object[]> = fc
  .tuple(
    fc.boolean(),
    fc.array(
      fc.tuple(
        fc.array(rule, { minLength: 1, maxLength: 3 }),
        fc.array(tls, { maxLength: 2 }),
        annotations,
        fc.option(backend),
      ),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([shared, all]) =>
    (shared ? all : all.slice(0, 1)).map(([rules, secured, notes, fallback], i) => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: {
        name: `i${i}`,
        annotations: shared ? { ...notes, 'ingress.cilium.io/loadbalancer-mode': 'shared' } : notes,
      },
      spec: {
        ingressClassName: 'cilium',
        rules,
        tls: secured,
        ...(fallback === null ? {} : { defaultBackend: fallback }),
      },
    })),
  );

const names = fc.constantFrom(
  ...['a.example', 'b.example', 'c.example', 'x.a.example', 'y.a.example', 'p.q.a.example', 'p.q.example'],
  ...['example', 'other.test', 'A.Example', 'a.example:80', 'y.a.example:8080', '1.2.3.4'],
);

/** A request to the Gateway of such Ingresses. */
export const requests: fc.Arbitrary<ExplainRequest> = fc
  .record({
    host: names,
    path: fc.constantFrom(
      ...[
        '/',
        '/a',
        '/a/',
        '/a/b',
        '/a/b/c',
        '/a/b/c/d',
        '/ab',
        '/abc',
        '/x.y',
        '/xzy',
        "/q(1)'$&",
        '/q',
        '/a?b=/c',
      ],
      ...['//a', '/a//b', '/./a', '/x/../a', '/%61', '/a%2fb', '/a;x=y', '/zz', '/%5c', '/b"c`%REQ(x)%'],
    ),
    end: fc.oneof(
      fc.constantFrom({ port: 80 }, { port: 80 }, { port: 8080 }),
      fc
        .option(names)
        .map((sni) => ({ port: 443, tls: sni === null ? {} : { sni: sni.replace(/:\d+$/, '') } })),
    ),
  })
  .map(({ end, ...of }) => ({ ...of, ...end, method: 'GET', headers: [] }));
