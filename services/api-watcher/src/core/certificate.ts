// The public facts of a Secret → the fact on the log. Expiry is the only part that depends on time, which comes in as a
// value.
import type { FactOf } from '@sluice/events';
import { objectRefOf, type Secret } from '@sluice/kinds';
import { uidOf } from './keys.ts';

type CertificateObserved = FactOf<'CertificateObserved'>;

/** What an adapter with cryptography found in a Secret. Deterministic in the Secret and the sealing key. */
export type CertificateFacts = Pick<
  CertificateObserved,
  'digest' | 'dnsNames' | 'notBefore' | 'notAfter' | 'fault'
>;

/** The fact of a Secret at a moment, milliseconds since 1970. @param standalone whether its uid follows from its reference */
export function certificateObserved(
  secret: Secret,
  facts: CertificateFacts,
  at: { readonly nowMs: number; readonly standalone: boolean },
): CertificateObserved {
  const ref = objectRefOf(secret);
  return {
    type: 'CertificateObserved',
    ref,
    uid: at.standalone ? uidOf(ref) : secret.metadata.uid,
    secretType: secret.type,
    ...facts,
    expired: isExpired(facts.notAfter, at.nowMs),
  };
}

/** Whether a certificate that is valid to `notAfter` (RFC 3339, empty: not known) has expired. */
export function isExpired(notAfter: string, nowMs: number): boolean {
  return notAfter !== '' && Date.parse(notAfter) <= nowMs;
}

/** When the next certificate expires, milliseconds since 1970; undefined where none will. */
export function nextExpiryMs(certificates: Iterable<CertificateObserved>): number | undefined {
  let next: number | undefined;
  for (const { notAfter, expired } of certificates) {
    if (expired || notAfter === '') continue;
    const at = Date.parse(notAfter);
    if (next === undefined || at < next) next = at;
  }
  return next;
}
