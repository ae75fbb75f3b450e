// BackendTLSPolicies. What comes in: policies and the ConfigMaps they name; what goes out: what each policy comes to,
// and which one is in force for a port of a Service. Gateway API v1.6.3 BackendTLSPolicySpec: a policy for one port goes
// before one for all, then the older, then namespace/name. A policy that cannot be had refuses: its backends are never
// spoken to in the clear.
import type { Collection, Fetch, Graph, Group } from '@sluice/incremental';
import { compareText, type IrClusterTls } from '@sluice/ir';
import { type BackendTlsPolicy, type ConfigMap, caCertificateKey } from '@sluice/kinds';
import { type CaBundle, readCaBundle } from './ca-bundle.ts';
import { objectKey } from './keys.ts';
import type { ReasonOf } from './reasons.ts';

/** A reference of a policy that leads nowhere. */
export interface PolicyRefFault {
  readonly reason: ReasonOf<'BackendTLSPolicy.ResolvedRefs', 'False'>;
  readonly message: string;
}

/** What a policy comes to, taken alone. */
export interface BackendTlsModel {
  readonly tls: IrClusterTls;
  readonly refFaults: readonly PolicyRefFault[];
  /** Why it is not accepted; undefined where it is. */
  readonly refusal:
    | { readonly reason: ReasonOf<'BackendTLSPolicy.Accepted', 'False'>; readonly message: string }
    | undefined;
}

interface TargetEntry {
  readonly policy: string;
  readonly createdAt: string;
  readonly target: string;
}

/** Policies by what they say and by what they are for. */
export interface BackendTlsTables {
  /** By `<namespace>/<name>`. */
  readonly models: Collection<BackendTlsModel>;
  readonly entries: Collection<TargetEntry>;
  /** Keys of entries by `targetKey`. */
  readonly byTarget: Collection<Group>;
}

/** Names a target; `section` is the name of a port, or the empty string for all. */
export function targetKey(service: string, section: string): string {
  return `${service}|${section}`;
}

/** Makes the tables. */
export function backendTlsTables(
  graph: Graph,
  of: { policies: Collection<BackendTlsPolicy>; configMaps: Collection<ConfigMap> },
): BackendTlsTables {
  const bundles = graph.map(of.configMaps, 'ca bundles', ({ data }): CaBundle => {
    const text = Object.hasOwn(data, caCertificateKey) ? data[caCertificateKey] : undefined;
    return text === undefined ? { fault: `has no key ${caCertificateKey}` } : readCaBundle(text);
  });
  const entries = graph.flatMap(of.policies, 'policy targets', ({ metadata, spec }, policy) =>
    spec.targetRefs.flatMap((ref, i) => {
      if (ref.group !== '' || ref.kind !== 'Service') return [];
      const target = targetKey(objectKey(metadata.namespace, ref.name), ref.sectionName ?? '');
      return [[`${policy}|${i}`, { policy, createdAt: metadata.creationTimestamp, target }] as const];
    }),
  );
  return {
    models: graph.map(of.policies, 'backend tls', (policy, _key, fetch) => modelOf(policy, bundles, fetch)),
    entries,
    byTarget: graph.indexBy(entries, 'policies by target', ({ target }) => [target]),
  };
}

function modelOf(
  { metadata, spec }: BackendTlsPolicy,
  bundles: Collection<CaBundle>,
  fetch: Fetch,
): BackendTlsModel {
  const { caCertificateRefs, wellKnownCACertificates, hostname, subjectAltNames } = spec.validation;
  const refFaults: PolicyRefFault[] = [];
  const pems: string[] = [];
  caCertificateRefs.forEach((ref, i) => {
    const where = `validation.caCertificateRefs[${i}]`;
    if (ref.group !== '' || ref.kind !== 'ConfigMap') {
      const message = `${where} names a ${ref.kind}, only ConfigMaps are supported`;
      refFaults.push({ reason: 'InvalidKind', message });
      return;
    }
    const key = objectKey(metadata.namespace, ref.name);
    const bundle = fetch(bundles, key) ?? { fault: 'does not exist' };
    if ('pem' in bundle) pems.push(bundle.pem);
    else {
      const message = `${where}: ConfigMap ${key} ${bundle.fault}`;
      refFaults.push({ reason: 'InvalidCACertificateRef', message });
    }
  });
  const refuse = (reason: ReasonOf<'BackendTLSPolicy.Accepted', 'False'>, message: string) => ({
    tls: { type: 'refused' as const },
    refFaults,
    refusal: { reason, message },
  });
  if (caCertificateRefs.length > 0 && pems.length === 0)
    return refuse('NoValidCACertificate', 'no reference names a certificate authority that can be read');
  if (caCertificateRefs.length === 0 && wellKnownCACertificates !== 'System')
    return refuse('Invalid', 'wellKnownCACertificates is not known here, only System');
  const names = subjectAltNames.map((name) =>
    name.type === 'URI'
      ? ({ type: 'uri', value: name.uri } as const)
      : ({ type: 'dns', value: name.hostname } as const),
  );
  return {
    tls: {
      type: 'verified',
      sni: hostname,
      names: names.length > 0 ? names : [{ type: 'dns', value: hostname }],
      caPem: caCertificateRefs.length === 0 ? null : pems.join(''),
    },
    refFaults,
    refusal: undefined,
  };
}

/** The policy in force for a target that is named so; undefined where none is. */
export function policyFor(target: string, tables: BackendTlsTables, fetch: Fetch): string | undefined {
  const members = fetch(tables.byTarget, target)?.members() ?? [];
  const found = members.map((member) => fetch(tables.entries, member)).filter((e) => e !== undefined);
  found.sort((a, b) => compareText(a.createdAt, b.createdAt) || compareText(a.policy, b.policy));
  return found[0]?.policy;
}

/** A port of a Service, as policies name it. */
export interface PolicedPort {
  readonly namespace: string;
  readonly service: string;
  readonly name: string;
}

/** The policy in force for a port; undefined where there is none. */
export function policyForPort(
  { namespace, service, name }: PolicedPort,
  tables: BackendTlsTables,
  fetch: Fetch,
): string | undefined {
  const key = objectKey(namespace, service);
  const own = name === '' ? undefined : policyFor(targetKey(key, name), tables, fetch);
  return own ?? policyFor(targetKey(key, ''), tables, fetch);
}
