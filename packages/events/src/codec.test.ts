import { canonicalJson, hashOfBytes, irHash } from '@sluice/ir';
import { describe, expect, test } from 'vitest';
import {
  type AnyEvent,
  decodeAck,
  decodeEvent,
  encodeEvent,
  encodeResourcePut,
  fileRefusalSubject,
  rejectionSubject,
  resourceBytesOf,
} from './codec.ts';
import type { StreamName } from './streams.ts';

const ref = { group: '', kind: 'Secret', namespace: 'default', name: 'demo.cert' };
const gateway = { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'default', name: 'gw' };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const table: { stream: StreamName; event: AnyEvent; subject: string; tombstone: boolean }[] = [
  {
    stream: 'FACTS',
    event: { type: 'ObjectDeleted', ref: gateway, uid: 'u' },
    subject: 'object.v1.gateway_networking_k8s_io.Gateway.default.gw',
    tombstone: true,
  },
  {
    stream: 'FACTS',
    event: { type: 'KindSynced', group: '', kind: 'Service', state: 'synced', reason: '' },
    subject: 'sync.v1._.Service._._',
    tombstone: false,
  },
  {
    stream: 'FACTS',
    event: { type: 'AddressAssigned', gateway, addresses: ['127.80.0.1'], lowPortOffset: 0, unusable: [] },
    subject: 'address.v1.gateway_networking_k8s_io.Gateway.default.gw',
    tombstone: false,
  },
  {
    stream: 'FACTS',
    event: { type: 'FileRefused', file: 'a/b.yaml', faults: [] },
    subject: 'refusal.v1._.File._.a=2Fb_yaml',
    tombstone: false,
  },
  {
    stream: 'FACTS',
    event: {
      type: 'EventJudged',
      stream: 'FACTS',
      seq: 7,
      subject: 's',
      error: 'e',
      judge: 'translator',
      version: '0.1.0',
    },
    subject: 'judgement.v1._.FACTS._.7',
    tombstone: false,
  },
  {
    stream: 'IR',
    event: {
      type: 'ResourceRemoved',
      revision: { epoch: 1, seq: 2 },
      kind: 'cluster',
      key: 'default/details/9080',
    },
    subject: 'ir.v1._.cluster._.default=2Fdetails=2F9080',
    tombstone: true,
  },
  {
    stream: 'ACKS',
    event: { type: 'EnvoyStateChanged', server: 'x0', node: 'e.0', state: 'connected', acked: null },
    subject: 'ack.v1._.Envoy.x0.e_0',
    tombstone: false,
  },
  {
    stream: 'ACKS',
    event: {
      ...{ type: 'DatapathStateChanged', agent: 'bpf-agent-n_1', node: 'n.1', state: 'running', acked: null },
      ...{ fault: '', settings: { zone: '', ipv4: '192.0.2.1', ipv6: '', tableSize: 251 }, mapsHash: '' },
    },
    subject: 'ack.v1._.Datapath._.n_1',
    tombstone: false,
  },
  {
    stream: 'ACKS',
    event: {
      ...{ type: 'DatapathStateChanged', agent: 'bpf-agent-n_1', node: 'n.1', state: 'running', acked: null },
      ...{ fault: '', settings: { zone: '', ipv4: '192.0.2.1', ipv6: '', tableSize: 251 }, mapsHash: '' },
      leftOut: { maps: ['lb_slots'], count: 2, services: ['a/b', 'a/c'] },
    },
    subject: 'ack.v1._.Datapath._.n_1',
    tombstone: false,
  },
  {
    stream: 'ACKS',
    event: {
      ...{ type: 'DatapathDescribed', agent: 'bpf-agent-n_1', version: '1.0.0', node: 'n.1' },
      ...{ kernel: '6.12', libbpf: 'v1.7', hooks: [{ hook: 'lsm', reason: 'not there' }] },
      missingCapabilities: [],
      object: { hash: 'ab', outcome: 'fresh', loadMs: 12.5, verifiedInstructions: 4711 },
      ...{ cgroups: ['/sys/fs/cgroup'], interfaces: ['eth0'] },
    },
    subject: 'ack.v1._.DatapathNode._.n_1',
    tombstone: false,
  },
  {
    stream: 'SECRETS',
    event: { type: 'SecretSealed', ref, uid: 'u', digest: 'd', keyId: 'k', nonce: 'n', ciphertext: 'c' },
    subject: 'secret.v1._.Secret.default.demo_cert',
    tombstone: false,
  },
];

describe('codec', () => {
  test.each(table)('$event.type has its subject and comes back', ({ stream, event, subject, tombstone }) => {
    const encoded = encodeEvent(event);
    expect(encoded).toMatchObject({ subject, tombstone, type: event.type });
    expect(decodeEvent(stream, encoded.data)).toEqual({ ok: true, event });
  });

  test('an acknowledgement counts on its own subject alone', () => {
    for (const { stream, event } of table) {
      if (stream !== 'ACKS') continue;
      const { subject, data } = encodeEvent(event);
      expect(decodeAck({ subject, data })).toEqual({ ok: true, event });
      expect(decodeAck({ subject: 'ack.v1._.Datapath._.other', data })).toMatchObject({ ok: false });
    }
    expect(decodeAck({ subject: 'ack.v1._.Datapath._.other', data: new Uint8Array() }).ok).toBe(false);
  });

  test('a resource that is text already is put in the same bytes', () => {
    const resource = { kind: 'certificate' as const, key: 'default/c', source: ref, uid: 'ü"u', digest: 'd' };
    const revision = { epoch: 3, seq: 7 };
    const text = canonicalJson(resource);
    expect(encodeResourcePut({ revision, resource, text })).toEqual(
      encodeEvent({ type: 'ResourcePut', revision, resource }),
    );
  });

  test.each([
    'plain',
    'ü"u\\',
    ',"revision":{"epoch":1,"seq":2},"type":"ResourcePut"}',
    '","revision":{"epoch":1,"seq":2},"type":"ResourcePut"}',
  ])('the bytes of a resource are found without decoding: %s', (uid) => {
    const resource = { kind: 'certificate' as const, key: uid, source: ref, uid, digest: uid };
    for (const revision of [
      { epoch: 0, seq: 0 },
      { epoch: Number.MAX_SAFE_INTEGER, seq: Number.MAX_SAFE_INTEGER },
    ]) {
      const { data } = encodeEvent({ type: 'ResourcePut', revision, resource });
      expect(hashOfBytes(resourceBytesOf(data) ?? bytes(''))).toBe(irHash(resource));
    }
  });

  test.each([
    '',
    '{"resource":',
    '{"resource":{}}',
    '{"resource":{},"revision":{"epoch":1,"seq":2},"type":"ResourceRemoved"}',
    '{"resource":{},"revision":{"epoch":1,"seq":2},"type":"ResourcePut"} ',
    '{ "resource":{},"revision":{"epoch":1,"seq":2},"type":"ResourcePut"}',
  ])('what is no resource in canonical form has no bytes of one: %s', (text) => {
    expect(resourceBytesOf(bytes(text))).toBeUndefined();
  });

  test('the bytes are canonical: the order of fields does not show', () => {
    const one = encodeEvent({ type: 'ObjectDeleted', ref: gateway, uid: 'u' });
    const two = encodeEvent({ uid: 'u', ref: { ...gateway }, type: 'ObjectDeleted' });
    expect(two.data).toEqual(one.data);
  });

  test('a cleared refusal says which one', () => {
    expect(() => encodeEvent({ type: 'RefusalCleared' })).toThrow(TypeError);
    expect(encodeEvent({ type: 'RefusalCleared' }, fileRefusalSubject('x.yaml'))).toMatchObject({
      subject: 'refusal.v1._.File._.x_yaml',
      tombstone: true,
    });
    expect(rejectionSubject({ typeUrl: 'type.googleapis.com/a.B', node: 'n', resource: 'r' })).toBe(
      'rejection.v1._.type_googleapis_com=2Fa_B.n.r',
    );
  });

  test.each([
    ['nothing', bytes('')],
    ['no JSON', bytes('{"type":')],
    ['no UTF-8', Uint8Array.of(0xff, 0xfe)],
    ['another type', bytes('{"type":"Other"}')],
    ['an event of another stream', encodeEvent({ type: 'StatusRemoved', ref }).data],
    ['an unknown field', bytes('{"type":"RefusalCleared","more":1}')],
  ])('%s is an error, not an exception', (_, data) => {
    const decoded = decodeEvent('FACTS', data);
    expect(decoded.ok).toBe(false);
  });

  test('an error does not repeat the bytes', () => {
    const decoded = decodeEvent(
      'SECRETS',
      bytes('{"type":"SecretSealed","ciphertext":42,"nonce":"canary-5309"}'),
    );
    expect(JSON.stringify(decoded)).not.toContain('canary-5309');
  });
});
