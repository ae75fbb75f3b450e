// Scenarios for tests: YAML with plain manifests and a few documents that stand in for what other services say.

import type { AckEvent, Fact } from '@sluice/events';
import { encodeEvent, socketsSchema } from '@sluice/events';
import { kinds, parseObject } from '@sluice/kinds';
import { expect } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { FactInput } from './core/index.ts';

/** Revision that Envoys of scenarios have acknowledged unless they say otherwise: newer than every other. */
export const newest = { epoch: 1_000_000, seq: 1_000_000 } as const;
/** Subject prefix and settings of a scenario. */
export const controllerNames = ['sluice.dev/gateway-controller', 'io.cilium/gateway-controller'] as const;

const named = z.string().regex(/^[^/]*\/[^/]+$/);
/** Kinds that get addresses of their own. */
const holderKinds = ['Gateway', 'Service', 'CiliumEnvoyConfig', 'Ingress', 'IngressClass'] as const;

/** Documents that are no manifests. */
const pretendSchema = z.discriminatedUnion('pretend', [
  /** Addresses of a Gateway or a Service; by default each Gateway has one of its own. */
  z.strictObject({
    pretend: z.literal('addresses'),
    kind: z.enum(holderKinds).default('Gateway'),
    /** An IngressClass has no namespace: `/name`. */
    gateway: named,
    addresses: z.array(z.string()).default([]),
    hostnames: z.array(z.string()).optional(),
    lowPortOffset: z.int().default(0),
    unusable: z.array(z.strictObject({ value: z.string(), reason: z.string() })).default([]),
    sockets: socketsSchema.optional(),
  }),
  z.strictObject({
    pretend: z.literal('certificate'),
    secret: named,
    secretType: z.string().default('kubernetes.io/tls'),
    dnsNames: z.array(z.string()).default([]),
    expired: z.boolean().default(false),
    fault: z.string().default(''),
  }),
  /** By default one Envoy is there that has acknowledged everything. */
  z.strictObject({
    pretend: z.literal('envoy'),
    node: z.string(),
    state: z.enum(['connected', 'silent', 'disconnected']).default('connected'),
    acked: z.enum(['newest', 'nothing']).default('newest'),
  }),
  /** By default no agent runs. `full`: Services for which there is no room. */
  z.strictObject({
    pretend: z.literal('datapath'),
    node: z.string(),
    acked: z.enum(['newest', 'nothing']).default('newest'),
    fault: z.string().default(''),
    full: z.array(z.string()).default([]),
  }),
  z.strictObject({ pretend: z.literal('rejection'), kind: z.string(), object: named, message: z.string() }),
]);
type Pretend = z.infer<typeof pretendSchema>;

/** What a scenario holds. */
export interface Scenario {
  readonly facts: FactInput[];
  readonly acks: AckEvent[];
}

/** A fact with its subject. */
export function factInput(fact: Fact, subject?: string): FactInput {
  return { subject: encodeEvent(fact, subject).subject, fact };
}

/** The first list of every kind is complete. */
export function syncedFacts(): FactInput[] {
  return kinds.map(({ group, kind }) =>
    factInput({ type: 'KindSynced', group, kind, state: 'synced', reason: '' }),
  );
}

/** ObjectChanged of a manifest. Throws on one that is not valid, with its faults. */
export function objectFact(manifest: unknown): FactInput {
  const parsed = parseObject(manifest);
  if (!parsed.ok) throw new Error(`bad manifest: ${JSON.stringify(parsed.faults)}`);
  if (parsed.object.kind === 'Secret') throw new Error('a Secret is a "pretend: certificate" here');
  return factInput({
    type: 'ObjectChanged',
    object: parsed.object,
    origin: { file: 'scenario.yaml', line: 1, column: 1 },
  });
}

/** Classes as they stand in standalone mode. */
export function builtInClasses(): FactInput[] {
  return [
    ['sluice', controllerNames[0]],
    ['cilium', controllerNames[1]],
  ].map(([name, controllerName]) =>
    objectFact({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name },
      spec: { controllerName },
    }),
  );
}

/** The IngressClasses of standalone mode. */
export function builtInIngressClasses(): FactInput[] {
  return [
    ['sluice', 'sluice.dev/ingress-controller'],
    ['cilium', 'cilium.io/ingress-controller'],
  ].map(([name, controller]) =>
    objectFact({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name },
      spec: { controller },
    }),
  );
}

/** Addresses of one Gateway, or of what stands for one. */
export function addressFact(
  gateway: string,
  addresses: readonly string[],
  kind: (typeof holderKinds)[number] = 'Gateway',
): FactInput {
  const rest = { lowPortOffset: 0, unusable: [] };
  return factOf({ pretend: 'addresses', kind, gateway, addresses: [...addresses], ...rest });
}

/** Reads a scenario. */
export function readScenario(yaml: string): Scenario {
  const documents = parseAllDocuments(yaml).map((document) => document.toJS() as unknown);
  const pretends = documents.flatMap((d) => (isPretend(d) ? [pretendSchema.parse(d)] : []));
  const declared = documents.filter((d) => d !== null && !isPretend(d)).map(objectFact);
  const hasIngress = declared.some(
    ({ fact }) => fact.type === 'ObjectChanged' && fact.object.kind === 'Ingress',
  );
  const objects = [...(hasIngress ? builtInIngressClasses() : []), ...declared];
  const given = pretends.flatMap((p) => (p.pretend === 'addresses' ? [p.gateway] : []));
  const assigned = objects.flatMap(({ fact }, i) => {
    if (fact.type !== 'ObjectChanged') return [];
    const kind = holderKinds.find((k) => k === fact.object.kind);
    if (kind === undefined || kind === 'Service' || kind === 'CiliumEnvoyConfig') return [];
    const key = `${fact.object.metadata.namespace}/${fact.object.metadata.name}`;
    return given.includes(key) ? [] : [addressFact(key, [`127.80.0.${i + 1}`], kind)];
  });
  const envoys = pretends.filter((p) => p.pretend === 'envoy');
  const datapaths = pretends.filter((p) => p.pretend === 'datapath');
  const facts = pretends.flatMap((p) =>
    p.pretend === 'envoy' || p.pretend === 'datapath' ? [] : [factOf(p)],
  );
  return {
    facts: [...builtInClasses(), ...objects, ...assigned, ...facts, ...syncedFacts()],
    acks: [
      ...(envoys.length > 0
        ? envoys
        : [{ node: 'envoy-0', state: 'connected', acked: 'newest' } as const]
      ).map(({ node, state, acked }) => envoyAck(node, { state, acked: ackedOf(acked) })),
      ...datapaths.map(({ node, acked, fault, full }) =>
        datapathAck(node, {
          ...{ acked: ackedOf(acked), fault },
          ...(full.length === 0
            ? {}
            : { leftOut: { maps: ['lb_slots'], count: full.length, services: full } }),
        }),
      ),
    ],
  };
}

function ackedOf(acked: 'newest' | 'nothing') {
  return acked === 'newest' ? newest : null;
}

/** The newest word on an Envoy. */
export function envoyAck(
  node: string,
  of: Partial<Pick<Extract<AckEvent, { type: 'EnvoyStateChanged' }>, 'state' | 'acked' | 'server'>> = {},
): AckEvent {
  return {
    type: 'EnvoyStateChanged',
    server: 'xds-server-0',
    node,
    state: 'connected',
    acked: newest,
    ...of,
  };
}

/** The newest word on the datapath of a node. */
export function datapathAck(
  node: string,
  of: Partial<
    Pick<Extract<AckEvent, { type: 'DatapathStateChanged' }>, 'state' | 'acked' | 'fault' | 'leftOut'>
  > = {},
): AckEvent {
  return {
    ...{ type: 'DatapathStateChanged', agent: `bpf-agent-${node}`, node, state: 'running', acked: newest },
    ...{ fault: '', settings: { zone: '', ipv4: '', ipv6: '', tableSize: 251 }, mapsHash: '' },
    ...of,
  };
}

function isPretend(document: unknown): boolean {
  return typeof document === 'object' && document !== null && 'pretend' in document;
}

function refOf(kind: string, key: string): { group: string; kind: string; namespace: string; name: string } {
  const [namespace = '', name = ''] = key.split('/');
  const group = kind.startsWith('Cilium')
    ? 'cilium.io'
    : kind.startsWith('Ingress')
      ? 'networking.k8s.io'
      : kind === 'Secret' || kind === 'Service'
        ? ''
        : 'gateway.networking.k8s.io';
  return { group, kind, namespace, name };
}

function factOf(pretend: Exclude<Pretend, { pretend: 'envoy' | 'datapath' }>): FactInput {
  switch (pretend.pretend) {
    case 'addresses': {
      const { addresses, hostnames, lowPortOffset, unusable, sockets } = pretend;
      return factInput({
        type: 'AddressAssigned',
        gateway: refOf(pretend.kind, pretend.gateway),
        addresses,
        ...(hostnames === undefined ? {} : { hostnames }),
        lowPortOffset,
        unusable,
        ...(sockets === undefined ? {} : { sockets }),
      });
    }
    case 'certificate': {
      const { secretType, dnsNames, expired, fault } = pretend;
      return factInput({
        type: 'CertificateObserved',
        ref: refOf('Secret', pretend.secret),
        uid: `uid-of-${pretend.secret}`,
        secretType,
        digest: fault === '' ? 'd1' : '',
        dnsNames,
        notBefore: '2026-01-01T00:00:00Z',
        notAfter: '2026-06-01T00:00:00Z',
        expired,
        fault,
      });
    }
    case 'rejection': {
      const { kind, object, message } = pretend;
      const resource = `${kind}:${object}`;
      return factInput({
        type: 'ResourceRejected',
        node: 'envoy-0',
        typeUrl: 'type.googleapis.com/envoy.config.listener.v3.Listener',
        resource,
        sources: [refOf(kind, object)],
        message,
        revision: { epoch: 1, seq: 1 },
      });
    }
  }
}

/** Applies facts to a small world and to a large one, and expects both to do the same. @returns what the small one did */
export function sameCost<T>(
  small: (facts: readonly FactInput[]) => T,
  big: (facts: readonly FactInput[]) => T,
): (...facts: FactInput[]) => T {
  return (...facts) => {
    const change = small(facts);
    expect(big(facts)).toEqual(change);
    return change;
  };
}
