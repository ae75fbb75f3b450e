// TLS of Ingresses. What comes in: Ingresses, the public facts of Secrets; what goes out: for each host of each gateway who
// ends TLS for it, or passes it through. Of several Ingresses that share a gateway and want one host the older is taken,
// then namespace/name. An expired certificate is still presented, as in listener-certificates.ts.
import type { FactOf } from '@sluice/events';
import type { Collection, Fetch, Graph, Group } from '@sluice/incremental';
import { compareText } from '@sluice/ir';
import { type Ingress, tlsSecretType } from '@sluice/kinds';
import { anyHostname } from '../hostname.ts';
import { objectKey } from '../keys.ts';
import type { IngressModel } from './ingress-model.ts';

/** What an Ingress wants of TLS for one host. */
export interface TlsClaim {
  readonly ingress: string;
  readonly holder: string;
  readonly createdAt: string;
  /** `*` for every host; `*.suffix` stands for any number of labels in an SNI. */
  readonly host: string;
  /** Key of the certificate; undefined: connections are passed through. */
  readonly certificate: string | undefined;
  /** Where it stands in the Ingress. */
  readonly at: number;
}

/** What of its TLS an Ingress cannot have as it is written. */
export interface TlsFaults {
  readonly certificates: readonly { readonly reason: 'InvalidCertificateRef'; readonly message: string }[];
  /** Hosts that another Ingress has, in words. */
  readonly conflicts: readonly string[];
}

/** The collections that TLS comes to. */
export interface IngressTls {
  readonly claims: Collection<TlsClaim>;
  /** Claims by holder and host. */
  readonly slots: Collection<Group>;
  /** Who has a host. */
  readonly winners: Collection<TlsClaim>;
  /** Winners by holder. */
  readonly byHolder: Collection<Group>;
}

interface Needs {
  readonly models: Collection<IngressModel>;
  readonly ingresses: Collection<Ingress>;
  readonly certificates: Collection<FactOf<'CertificateObserved'>>;
}

/** The hosts for which an Ingress asks for TLS, each once, in its order. */
export function tlsHosts({ spec }: Ingress, passthrough: boolean): string[] {
  const wanted = passthrough
    ? spec.rules.flatMap(({ host }) => (host === '' ? [] : [host]))
    : spec.tls.flatMap(({ hosts }) => (hosts.length === 0 ? [anyHostname] : hosts));
  return [...new Set(wanted)];
}

/** Makes the collections. */
export function ingressTls(graph: Graph, needs: Needs): IngressTls {
  const claims = graph.flatMap(needs.models, 'ingress tls claims', (model, key, fetch) => {
    const ingress = fetch(needs.ingresses, key);
    return ingress === undefined || model.refusal !== undefined
      ? []
      : claimsOf({ model, ingress }, needs, fetch).map((claim) => [`${key}|${claim.host}`, claim] as const);
  });
  const slots = graph.indexBy(claims, 'ingress tls hosts', ({ holder, host }) => [slotOf(holder, host)]);
  const winners = graph.map(slots, 'ingress tls winners', (group, _slot, fetch) =>
    group
      .members()
      .map((member) => fetch(claims, member))
      .filter((claim) => claim !== undefined)
      .reduce<TlsClaim | undefined>(
        (best, claim) => (best === undefined || precedes(claim, best) ? claim : best),
        undefined,
      ),
  );
  return { claims, slots, winners, byHolder: graph.indexBy(winners, 'ingress tls', (w) => [w.holder]) };
}

/** The slot of a host of a gateway. */
export function slotOf(holder: string, host: string): string {
  return `${holder}|${host}`;
}

function precedes(a: TlsClaim, b: TlsClaim): boolean {
  return (compareText(a.createdAt, b.createdAt) || compareText(a.ingress, b.ingress) || a.at - b.at) < 0;
}

function claimsOf(
  { model, ingress }: { model: IngressModel; ingress: Ingress },
  needs: Needs,
  fetch: Fetch,
): TlsClaim[] {
  const { key, holder, createdAt, settings } = model;
  const base = { ingress: key, holder, createdAt };
  if (settings.tlsPassthrough)
    return tlsHosts(ingress, true).map((host, at) => ({ ...base, host, certificate: undefined, at }));
  const found = new Map<string, TlsClaim>();
  ingress.spec.tls.forEach((entry, at) => {
    const { certificate } = certificateOf({ ingress, at }, needs, fetch);
    if (certificate === undefined) return;
    for (const host of entry.hosts.length === 0 ? [anyHostname] : entry.hosts)
      if (!found.has(host)) found.set(host, { ...base, host, certificate, at });
  });
  return [...found.values()];
}

function certificateOf(
  { ingress, at }: { ingress: Ingress; at: number },
  { certificates }: Pick<Needs, 'certificates'>,
  fetch: Fetch,
): { certificate?: string; fault?: string } {
  const { metadata, spec } = ingress;
  const name = spec.tls[at]?.secretName;
  if (name === undefined) return { fault: `spec.tls[${at}] names no secretName` };
  const key = objectKey(metadata.namespace, name);
  const where = `spec.tls[${at}].secretName: Secret ${key}`;
  const facts = fetch(certificates, key);
  if (facts === undefined) return { fault: `${where} does not exist` };
  if (facts.secretType !== tlsSecretType)
    return { fault: `${where} is of type ${facts.secretType}, not ${tlsSecretType}` };
  if (facts.fault !== '') return { fault: `${where}: ${facts.fault}` };
  if (!facts.expired) return { certificate: key };
  return { certificate: key, fault: `${where} expired at ${facts.notAfter}; it is still presented` };
}

/** What is wrong with the TLS of an Ingress. */
export function tlsFaults(
  { model, ingress }: { model: IngressModel; ingress: Ingress },
  { tls, certificates }: { tls: IngressTls; certificates: Needs['certificates'] },
  fetch: Fetch,
): TlsFaults {
  const { holder, key, settings } = model;
  const conflicts: string[] = [];
  const unresolved = settings.tlsPassthrough
    ? []
    : ingress.spec.tls.flatMap((_, at) => {
        const { fault } = certificateOf({ ingress, at }, { certificates }, fetch);
        return fault === undefined ? [] : [{ reason: 'InvalidCertificateRef' as const, message: fault }];
      });
  for (const host of tlsHosts(ingress, settings.tlsPassthrough)) {
    const own = fetch(tls.claims, `${key}|${host}`);
    const winner = fetch(tls.winners, slotOf(holder, host));
    if (own === undefined || winner === undefined || winner.ingress === key) continue;
    if (winner.certificate === own.certificate && own.certificate !== undefined) continue;
    conflicts.push(`TLS for ${host} is that of Ingress ${winner.ingress}, which goes first`);
  }
  return { certificates: unresolved, conflicts };
}
