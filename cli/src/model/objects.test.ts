import { describe, expect, it } from 'vitest';
import { objectTable } from '../commands/get-objects-table.ts';
import { allConditions } from './conditions.ts';
import { findObjects, kindOfWord } from './objects.ts';
import {
  classes,
  condition,
  gateway,
  gatewayApi,
  parentStatus,
  route,
  WorldBuilder,
} from './world.fixture.ts';

const builder = classes(new WorldBuilder())
  .object(gateway('g'))
  .object(route('r', 'g'), 12)
  .status(gatewayApi('Gateway', 'g'), {
    addresses: [{ type: 'IPAddress', value: '127.80.0.1' }],
    conditions: [condition('Accepted'), condition('Programmed')],
    listeners: [{ name: 'web', conditions: [condition('Accepted')] }],
  })
  .status(
    gatewayApi('HTTPRoute', 'r'),
    parentStatus('g', [condition('Accepted'), condition('ResolvedRefs', { status: 'False' })]),
  )
  .add('FACTS', {
    type: 'CertificateObserved',
    ref: { group: '', kind: 'Secret', namespace: 'default', name: 'demo-cert' },
    uid: 'u',
    secretType: 'kubernetes.io/tls',
    digest: 'd',
    dnsNames: ['bookinfo.cilium.rocks'],
    notBefore: '2026-01-01T00:00:00Z',
    notAfter: '2027-01-01T00:00:00Z',
    expired: false,
    fault: '',
  });

describe('words for kinds', () => {
  it.each([
    ['gw', 'Gateway'],
    ['gateways', 'Gateway'],
    ['Gateway', 'Gateway'],
    ['gateways.gateway.networking.k8s.io', 'Gateway'],
    ['httproutes', 'HTTPRoute'],
    ['svc', 'Service'],
    ['ns', 'Namespace'],
    ['gc', 'GatewayClass'],
    ['endpointslices', 'EndpointSlice'],
    ['secret', 'Secret'],
    ['toString', undefined],
    ['nonsense', undefined],
  ])('%s means %s', (word, kind) => expect(kindOfWord(word)).toBe(kind));
});

describe('objects', () => {
  it('carry their status as kubectl shows it', () => {
    const [found] = findObjects(builder.world, { kind: 'Gateway' });
    expect(found?.manifest).toMatchObject({
      apiVersion: 'gateway.networking.k8s.io/v1',
      metadata: { name: 'g', namespace: 'default' },
      status: { addresses: [{ type: 'IPAddress', value: '127.80.0.1' }] },
    });
  });

  it('are found by namespace and name; cluster-scoped ones are everywhere', () => {
    expect(findObjects(builder.world, { kind: 'HTTPRoute', namespace: 'other' })).toEqual([]);
    expect(findObjects(builder.world, { kind: 'HTTPRoute', name: 'r' })).toHaveLength(1);
    expect(findObjects(builder.world, { kind: 'GatewayClass', namespace: 'other' })).toHaveLength(2);
  });

  it('Secrets show the public facts of their certificate and no data', () => {
    const [secret] = findObjects(builder.world, { kind: 'Secret' });
    expect(secret?.manifest).toMatchObject({
      kind: 'Secret',
      data: '(never shown)',
      certificate: { dnsNames: ['bookinfo.cilium.rocks'] },
    });
    expect(JSON.stringify(secret)).not.toContain('"digest"');
  });

  it.each([
    ['Gateway', ['default', 'g', 'cilium', '127.80.0.1', 'HTTP:80', 'True', 'True']],
    ['HTTPRoute', ['default', 'r', '*', 'g', 'True', 'False', '-']],
    [
      'Secret',
      ['default', 'demo-cert', 'kubernetes.io/tls', 'bookinfo.cilium.rocks', '2027-01-01T00:00:00Z', 'ok'],
    ],
  ])('%s as a row of a table', (kind, row) => {
    const table = objectTable(kind, findObjects(builder.world, { kind }));
    expect(table.rows[0]).toEqual(row);
    expect(table.head).toHaveLength(row.length);
  });

  it('a port that is bound to another shows both', () => {
    const found = findObjects(builder.world, { kind: 'Gateway' });
    const table = objectTable('Gateway', found, (gateway, { port }) =>
      gateway === 'default/g' ? port + 10_000 : port,
    );
    expect(table.rows[0]).toContain('HTTP:80 (bound to 10080)');
  });

  it('of several kinds show where they stand', () => {
    expect(objectTable(undefined, findObjects(builder.world, { name: 'r' })).rows).toEqual([
      ['HTTPRoute', 'default', 'r', 'a.yaml:12'],
    ]);
  });
});

it('conditions are listed by object, listener and parent', () => {
  expect(
    allConditions(builder.world).map(
      ({ ref, part, condition: c }) => `${ref.name} ${part} ${c.type}=${c.status}`,
    ),
  ).toEqual([
    'g  Accepted=True',
    'g  Programmed=True',
    'g listener/web Accepted=True',
    'r parent/default/g Accepted=True',
    'r parent/default/g ResolvedRefs=False',
  ]);
});
