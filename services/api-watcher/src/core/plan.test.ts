import type { Fact } from '@sluice/events';
import { describe, expect, test } from 'vitest';
import { Declarations } from './declarations.ts';
import type { Environment, Plan } from './draft.ts';
import { everyKey, everyPart } from './first-list.ts';
import { InForce } from './in-force.ts';
import { plan } from './plan.ts';
import { readPart } from './read-part.ts';

const environment: Environment = {
  addressing: { kind: 'pool', pool: ['127.80.0.1', '127.80.0.2'], lowPortOffset: 0, usable: () => true },
  standalone: true,
  controllers: new Set(['sluice.dev/gateway-controller', 'io.cilium/gateway-controller']),
  keyId: 'k1',
  maxEventBytes: 1_000_000,
  inspect: (secret) => ({
    digest: secret.data['tls.key'] ?? '',
    dnsNames: ['a.example'],
    notBefore: '2026-01-01T00:00:00.000Z',
    notAfter: '2026-02-01T00:00:00.000Z',
    fault: secret.data['tls.key'] === 'YmFk' ? 'bad' : '',
  }),
};
const before = Date.parse('2026-01-15T00:00:00Z');
const after = Date.parse('2026-02-01T00:00:00Z');

/** Files and a log without I/O: each step takes files in and gives what it would write. */
class World {
  readonly declarations = new Declarations();
  inForce = new InForce();

  step(files: Record<string, string | undefined>, nowMs = before, keyId = 'k1'): Plan {
    const keys = new Set<string>();
    for (const [name, text] of Object.entries(files))
      for (const key of this.declarations.setPart(
        name,
        text === undefined ? undefined : readPart(text, name).part,
      ))
        keys.add(key);
    return this.#run(keys, Object.keys(files), { nowMs, keyId });
  }

  /** As a start of the process does: everything is looked at. */
  list(): Plan {
    return this.#run(everyKey(this.declarations, this.inForce), everyPart(this.declarations, this.inForce), {
      nowMs: before,
      keyId: 'k1',
    });
  }

  #run(
    keys: Iterable<string>,
    parts: Iterable<string>,
    { nowMs, keyId }: { nowMs: number; keyId: string },
  ): Plan {
    const { declarations, inForce } = this;
    const planned = plan({
      declarations,
      inForce,
      keys,
      parts,
      nowMs,
      environment: { ...environment, keyId },
    });
    for (const { fact, encoded, read } of planned.facts)
      if (fact.type === 'ObjectChanged' && read !== undefined)
        read.inForceAs(inForce.putObject(read.key, fact, encoded.data));
      else inForce.apply(encoded.subject, fact);
    for (const { ref, uid, digest } of planned.seals)
      inForce.applySecret({ type: 'SecretSealed', ref, uid, digest, keyId, nonce: '', ciphertext: '' });
    for (const ref of planned.unseals) inForce.applySecret({ type: 'SecretRemoved', ref });
    return planned;
  }
}

/** `type name` of each fact. */
const shown = ({ facts }: Plan): string[] =>
  facts.map(({ fact }) => [fact.type, nameOf(fact)].join(' ').trim());
function nameOf(fact: Fact): string {
  if (fact.type === 'ObjectChanged') return `${fact.object.kind}/${fact.object.metadata.name}`;
  if ('ref' in fact) return `${fact.ref.kind}/${fact.ref.name}`;
  if ('gateway' in fact)
    return `${fact.gateway.name}${fact.type === 'AddressAssigned' ? ` ${fact.addresses}` : ''}`;
  return 'file' in fact ? fact.file : '';
}

const service = (name: string, port = 1, metadata = ''): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}${metadata}}\nspec: {ports: [{port: ${port}}]}\n`;
const gateway = (name: string, className = 'sluice'): string =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: ${name}}\nspec: {gatewayClassName: ${className}, listeners: [{name: l, port: 80, protocol: HTTP}]}\n`;
const route = (name: string, backend: string): string =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: ${name}}\nspec: {parentRefs: [{name: g}], rules: [{backendRefs: [{name: ${backend}, port: 1}]}]}\n`;
const envoyConfig = (name: string, services: string, listeners = 'l'): string =>
  `apiVersion: cilium.io/v2\nkind: CiliumEnvoyConfig\nmetadata: {name: ${name}}\nspec: {services: [${services}], resources: [${listeners
    .split(' ')
    .map((l) => `{"@type": type.googleapis.com/envoy.config.listener.v3.Listener, name: ${l}}`)
    .join(', ')}]}\n`;
const ingress = (name: string, className: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: ${name}}\nspec: {ingressClassName: ${className}, defaultBackend: {service: {name: s, port: {number: 1}}}}\n`;
const slice = (name: string): string =>
  `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: ${name}, labels: {kubernetes.io/service-name: ${name}}}\naddressType: IPv4\nports: [{port: 1}]\nendpoints: [{addresses: [127.0.0.1]}]\n`;
const secret = (key: string): string =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: c}\ntype: kubernetes.io/tls\ndata: {tls.crt: YQ==, tls.key: ${key}}\n`;

function listed(files: Record<string, string> = {}): World {
  const world = new World();
  world.step(files);
  world.list();
  return world;
}

describe('objects', () => {
  test('standalone mode begins with its classes and a namespace', () => {
    expect(shown(new World().list())).toEqual([
      'ObjectChanged Namespace/default',
      'ObjectChanged GatewayClass/cilium',
      'ObjectChanged GatewayClass/sluice',
      'ObjectChanged IngressClass/cilium',
      'ObjectChanged IngressClass/sluice',
    ]);
  });

  test('an Ingress has an address of its own, and one that shares has that of its class', () => {
    const ingress = (name: string, mode: string) =>
      `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ${name}, annotations: {sluice.io/loadbalancer-mode: ${mode}}}
spec: {ingressClassName: sluice, defaultBackend: {service: {name: a, port: {number: 80}}}}`;
    const world = listed();
    expect(shown(world.step({ a: ingress('own', 'dedicated') }))).toContain('AddressAssigned own 127.80.0.1');
    expect(shown(world.step({ b: ingress('one', 'shared') }))).toContain('AddressAssigned sluice 127.80.0.2');
  });

  test('the generation counts changes of the spec alone, and equal objects raise nothing', () => {
    const world = listed();
    const generations = [
      service('a'),
      service('a'),
      service('a', 2),
      service('a', 2, ', labels: {x: y}'),
      service('a', 1),
    ].map((text) =>
      world
        .step({ f: text })
        .facts.map(({ fact }) => (fact.type === 'ObjectChanged' ? fact.object.metadata.generation : -1)),
    );
    expect(generations).toEqual([[1], [], [2], [2], [3]]);
  });

  test('identity does not come from the file', () => {
    const world = listed();
    const [a] = world.step({
      f: service('a', 1, ', uid: forged, generation: 9, creationTimestamp: "2020-01-01T00:00:00Z"'),
    }).facts;
    const [b] = listed().step({ g: service('a') }).facts;
    expect(a?.fact).toMatchObject({
      object: {
        metadata: {
          generation: 1,
          creationTimestamp: '',
          uid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
        },
      },
    });
    expect(b?.fact).toMatchObject({
      object: { metadata: { uid: a?.fact.type === 'ObjectChanged' ? a.fact.object.metadata.uid : '' } },
    });
  });

  test('a namespace comes with its first object and goes with its last', () => {
    const world = listed();
    expect(shown(world.step({ f: service('a', 1, ', namespace: shop') }))).toEqual([
      'ObjectChanged Namespace/shop',
      'ObjectChanged Service/a',
    ]);
    expect(shown(world.step({ f: '' }))).toEqual(['ObjectDeleted Service/a', 'ObjectDeleted Namespace/shop']);
  });

  test('a declared namespace takes the place of the built-in one, and gets its name as label', () => {
    const world = listed({ f: service('a', 1, ', namespace: shop') });
    const [changed] = world.step({
      n: 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: x}}\n',
    }).facts;
    expect(changed?.fact).toMatchObject({
      object: { metadata: { labels: { team: 'x', 'kubernetes.io/metadata.name': 'shop' } } },
    });
    expect(shown(world.step({ n: undefined }))).toEqual(['ObjectChanged Namespace/shop']);
  });

  test('what is new comes before what goes', () => {
    const world = listed({ f: service('old') });
    expect(shown(world.step({ f: service('new') }))).toEqual([
      'ObjectChanged Service/new',
      'ObjectDeleted Service/old',
    ]);
  });

  test('what is referred to comes before what refers to it, and goes after it', () => {
    const world = listed();
    const file = [route('r', 's'), gateway('g'), service('s'), slice('s')].join('---\n');
    expect(shown(world.step({ f: file }))).toEqual([
      'ObjectChanged EndpointSlice/s',
      'ObjectChanged Service/s',
      'ObjectChanged Gateway/g',
      'AddressAssigned g 127.80.0.1',
      'ObjectChanged HTTPRoute/r',
    ]);
    expect(shown(world.step({ f: '' }))).toEqual([
      'ObjectDeleted HTTPRoute/r',
      'AddressReleased g',
      'ObjectDeleted Gateway/g',
      'ObjectDeleted Service/s',
      'ObjectDeleted EndpointSlice/s',
    ]);
  });

  test('the cost follows the change', () => {
    const world = listed(
      Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, service(`s${i}`)])),
    );
    let looked = 0;
    const { declarations } = world;
    const standing = declarations.standing.bind(declarations);
    declarations.standing = (key) => {
      looked++;
      return standing(key);
    };
    expect(shown(world.step({ f7: service('s7', 2) }))).toEqual(['ObjectChanged Service/s7']);
    expect(looked).toBeLessThan(10);
  });
});

describe('refusals', () => {
  test('an object that becomes invalid stays, one that was never valid is only refused', () => {
    const world = listed({ f: service('a') });
    expect(shown(world.step({ f: service('a', 99_999), g: service('Bad') }))).toEqual([
      'ObjectRefused Service/Bad',
      'ObjectRefused Service/a',
    ]);
    expect(shown(world.step({ f: undefined, g: undefined }))).toEqual([
      'ObjectDeleted Service/a',
      'RefusalCleared',
      'RefusalCleared',
    ]);
  });

  test('an unreadable file keeps what it held; the rest moves on', () => {
    const world = listed({ f: `${service('a')}---\n${service('b')}`, g: service('c') });
    expect(shown(world.step({ f: 'x: [', g: undefined }))).toEqual([
      'ObjectDeleted Service/c',
      'FileRefused f',
    ]);
    expect(shown(world.step({ f: service('b') }))).toEqual(['ObjectDeleted Service/a', 'RefusalCleared']);
  });

  test('an object of an unreadable file may be declared elsewhere meanwhile', () => {
    const world = listed({ f: service('a') });
    expect(shown(world.step({ f: 'x: [', b: service('a', 2) }))).toEqual([
      'ObjectChanged Service/a',
      'FileRefused f',
    ]);
  });

  test('after a restart with an unreadable file only what it may have held stays', () => {
    const old = listed({ f: service('a'), g: service('b'), h: service('c') });
    const world = new World();
    world.inForce = old.inForce;
    world.declarations.setPart('f', readPart('x: [', 'f').part);
    world.declarations.setPart('g', readPart('', 'g').part);
    expect(shown(world.list())).toEqual(['ObjectDeleted Service/b', 'FileRefused f']);
    world.declarations.setPart('f', readPart('', 'f').part);
    expect(shown(world.list())).toEqual([
      'ObjectDeleted Service/a',
      'ObjectDeleted Service/c',
      'RefusalCleared',
    ]);
  });

  test('a refusal that was mended while nobody watched is cleared', () => {
    const old = listed({ f: service('Bad'), g: 'x: [' });
    const world = new World();
    world.inForce = old.inForce;
    expect(shown(world.list())).toEqual(['RefusalCleared', 'RefusalCleared']);
  });
});

describe('addresses', () => {
  test('come with the Gateway, stay, and go with it', () => {
    const world = listed();
    expect(shown(world.step({ b: gateway('b') }))).toEqual([
      'ObjectChanged Gateway/b',
      'AddressAssigned b 127.80.0.1',
    ]);
    expect(shown(world.step({ a: gateway('a') }))).toEqual([
      'ObjectChanged Gateway/a',
      'AddressAssigned a 127.80.0.2',
    ]);
    expect(shown(world.step({ b: undefined }))).toEqual(['AddressReleased b', 'ObjectDeleted Gateway/b']);
  });

  test('are not for Gateways of others, until their class becomes ours', () => {
    const world = listed();
    expect(shown(world.step({ g: gateway('g', 'other') }))).toEqual(['ObjectChanged Gateway/g']);
    const ours =
      'apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: other}\nspec: {controllerName: sluice.dev/gateway-controller}\n';
    expect(shown(world.step({ c: ours }))).toEqual([
      'ObjectChanged GatewayClass/other',
      'AddressAssigned g 127.80.0.1',
    ]);
    expect(shown(world.step({ c: undefined }))).toEqual(['ObjectDeleted GatewayClass/other']);
  });

  test('are for a Service while its annotation asks for a listener of its own', () => {
    const l7 = (value: string): string =>
      service('s', 1, `, annotations: {service.sluice.io/lb-l7: ${value}}`);
    const world = listed({ g: gateway('g') });
    expect(shown(world.step({ s: l7('enabled') }))).toEqual([
      'ObjectChanged Service/s',
      'AddressAssigned s 127.80.0.2',
    ]);
    expect(shown(world.step({ s: l7('yes') }))).toEqual(['ObjectChanged Service/s', 'AddressReleased s']);
    expect(shown(world.step({ s: l7('enabled') }))).toHaveLength(2);
    expect(shown(world.step({ s: undefined }))).toEqual(['AddressReleased s', 'ObjectDeleted Service/s']);
  });
});

describe('addresses of objects that are no Gateways', () => {
  test('a Service whose traffic goes to a listener has one, and so has an object with a listener that no Service leads to', () => {
    const world = listed({ s: service('s') });
    expect(shown(world.step({ a: envoyConfig('a', '{name: s}', 'l free') }))).toEqual([
      'AddressAssigned s 127.80.0.1',
      'AddressAssigned a 127.80.0.2',
      'ObjectChanged CiliumEnvoyConfig/a',
    ]);
    expect(shown(world.step({ a: envoyConfig('a', '{name: s}') }))).toEqual([
      'ObjectChanged CiliumEnvoyConfig/a',
      'AddressReleased a',
    ]);
    expect(shown(world.step({ b: envoyConfig('b', '{name: s}') }))).toEqual([
      'ObjectChanged CiliumEnvoyConfig/b',
    ]);
    expect(shown(world.step({ a: undefined, b: undefined }))).toEqual([
      'ObjectDeleted CiliumEnvoyConfig/a',
      'ObjectDeleted CiliumEnvoyConfig/b',
      'AddressReleased s',
    ]);
  });

  test('the Service may come later', () => {
    const world = listed({ a: envoyConfig('a', '{name: s}') });
    expect(shown(world.step({ s: service('s') }))).toContain('AddressAssigned s 127.80.0.1');
    expect(shown(world.step({ s: undefined }))).toContain('AddressReleased s');
  });

  test('a Service of another namespace has one by a ReferenceGrant alone', () => {
    const world = listed({
      a: envoyConfig('a', '{name: s, namespace: other}'),
      s: service('s', 1, ', namespace: other'),
    });
    expect(world.inForce.addresses.size).toBe(0);
    const grant =
      'apiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\nmetadata: {name: r, namespace: other}\nspec: {from: [{group: cilium.io, kind: CiliumEnvoyConfig, namespace: default}], to: [{group: "", kind: Service}]}\n';
    expect(shown(world.step({ g: grant }))).toContain('AddressAssigned s 127.80.0.1');
    expect(shown(world.step({ g: undefined }))).toContain('AddressReleased s');
  });
});

describe('secrets', () => {
  test('never stand in an object; sealed once, and again when bytes or key change', () => {
    const world = listed();
    const first = world.step({ s: secret('b25l') });
    expect(shown(first)).toEqual(['CertificateObserved Secret/c']);
    expect(first.seals).toHaveLength(1);
    expect(world.step({ s: secret('b25l') })).toEqual({ seals: [], facts: [], unseals: [] });
    expect(world.step({ s: secret('dHdv') }).seals).toHaveLength(1);
    expect(world.step({ s: secret('dHdv') }, before, 'k2').seals).toHaveLength(1);
  });

  test('a faulty version is told, and leaves the sealed one', () => {
    const world = listed({ s: secret('b25l') });
    const faulty = world.step({ s: secret('YmFk') });
    expect(faulty.facts[0]?.fact).toMatchObject({ fault: 'bad' });
    expect([faulty.seals, faulty.unseals]).toEqual([[], []]);
  });

  test('go from both streams', () => {
    const world = listed({ s: secret('b25l') });
    const gone = world.step({ s: undefined });
    expect(shown(gone)).toEqual(['CertificateForgotten Secret/c']);
    expect(gone.unseals).toMatchObject([{ kind: 'Secret', name: 'c' }]);
  });

  test('expiry is an event, once', () => {
    const world = listed({ s: secret('b25l') });
    expect(world.step({}, after - 1).facts).toEqual([]);
    expect(world.step({}, after).facts.map(({ fact }) => fact)).toMatchObject([
      { type: 'CertificateObserved', expired: true },
    ]);
    expect(world.step({}, after + 1).facts).toEqual([]);
  });
});

test('an Ingress of our class gets an address when it comes, and loses it when it goes', () => {
  const world = new World();
  world.list();
  const assigned = shown(world.step({ i: ingress('i', 'sluice') })).filter((f) => f.includes('Address'));
  expect(assigned).toEqual([expect.stringMatching(/^AddressAssigned .+ 127\.80\.0\.1$/)]);
  expect(shown(world.step({ i: undefined }))).toContainEqual(expect.stringMatching(/^AddressReleased/));
});
