// Certificates of a listener. What comes in: certificateRefs, grants and the public facts of Secrets; what goes out:
// the certificates to present, and what is wrong with the others. Gateway API v1.7.0 ListenerTLSConfig.
// An expired certificate is still presented, as every server would go on doing: clients that check see why, all else
// goes on, and ResolvedRefs says when it expired. Everything else that is wrong keeps a certificate out.
import type { FactOf } from '@sluice/events';
import type { Collection, Fetch } from '@sluice/incremental';
import { type Listener, type SecretRef, tlsSecretType } from '@sluice/kinds';
import { isPermitted } from './grants.ts';
import { objectKey } from './keys.ts';
import type { ReasonOf } from './reasons.ts';

/** Something that a listener refers to and cannot have. */
export interface ListenerRefFault {
  readonly reason: ReasonOf<'Listener.ResolvedRefs', 'False'>;
  readonly message: string;
}

/** The object that holds a listener. */
interface Holder {
  readonly kind: 'Gateway' | 'ListenerSet';
  readonly namespace: string;
}

interface Needs {
  readonly certificates: Collection<FactOf<'CertificateObserved'>>;
  readonly permissions: Collection<true>;
}

/** Resolves the certificates of an HTTPS listener; the keys are those of IR certificates, in the order of the spec. */
export function resolveCertificates(
  of: { listener: Listener; holder: Holder },
  needs: Needs,
  fetch: Fetch,
): { keys: string[]; faults: ListenerRefFault[] } {
  const refs = of.listener.tls?.certificateRefs ?? [];
  const keys: string[] = [];
  const faults: ListenerRefFault[] = [];
  if (refs.length === 0) faults.push(invalid('tls.certificateRefs names no certificate'));
  for (const ref of refs) {
    const found = resolve({ ref, holder: of.holder }, needs, fetch);
    if (found.fault !== undefined) faults.push(found.fault);
    if (found.key !== undefined && !keys.includes(found.key)) keys.push(found.key);
  }
  return { keys, faults };
}

function resolve(
  of: { ref: SecretRef; holder: Holder },
  needs: Needs,
  fetch: Fetch,
): { key?: string; fault?: ListenerRefFault } {
  const { ref, holder } = of;
  if (ref.group !== '' || ref.kind !== 'Secret')
    return { fault: invalid(`certificateRefs names a ${ref.kind}, only Secrets are supported`) };
  const namespace = ref.namespace ?? holder.namespace;
  const key = objectKey(namespace, ref.name);
  const reference = {
    fromGroup: 'gateway.networking.k8s.io',
    fromKind: holder.kind,
    fromNamespace: holder.namespace,
    toGroup: '',
    toKind: 'Secret',
    toNamespace: namespace,
    toName: ref.name,
  };
  if (!isPermitted(reference, needs.permissions, fetch))
    return {
      fault: {
        reason: 'RefNotPermitted',
        message: `no ReferenceGrant in namespace ${namespace} allows ${holder.kind}s of ${holder.namespace} to use Secret ${ref.name}`,
      },
    };
  const certificate = fetch(needs.certificates, key);
  if (certificate === undefined) return { fault: invalid(`Secret ${key} does not exist`) };
  if (certificate.secretType !== tlsSecretType)
    return { fault: invalid(`Secret ${key} is of type ${certificate.secretType}, not ${tlsSecretType}`) };
  if (certificate.fault !== '') return { fault: invalid(`Secret ${key}: ${certificate.fault}`) };
  if (!certificate.expired) return { key };
  return {
    key,
    fault: invalid(
      `the certificate in Secret ${key} expired at ${certificate.notAfter}; it is still presented`,
    ),
  };
}

function invalid(message: string): ListenerRefFault {
  return { reason: 'InvalidCertificateRef', message };
}
