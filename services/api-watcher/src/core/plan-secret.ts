// The part of a plan that is about Secrets: the public facts of their certificates, what is to be sealed, and expiry.
import type { FactOf, Fault } from '@sluice/events';
import { canonicalJson, type ObjectRef } from '@sluice/ir';
import type { Secret } from '@sluice/kinds';
import { certificateObserved, isExpired } from './certificate.ts';
import { add, type Draft, use } from './draft.ts';

/** Sealing and envelope make a Secret's bytes about this much longer. */
const sealedGrowth = 1.4;

/** Plans one Secret. @returns faults that only show here: it is too large for the log */
export function planSecret(draft: Draft, key: string, ref: ObjectRef): Fault[] {
  const standing = draft.declarations.standing(key);
  const declared = standing?.winner;
  if (declared === undefined || declared.object.kind !== 'Secret') {
    if (standing === undefined && !draft.declarations.mayBeUnread(ref, undefined)) forget(draft, key, ref);
    return [];
  }
  const secret = declared.object;
  const size = sizeOf(secret);
  if (size * sealedGrowth > draft.environment.maxEventBytes) {
    const message = `the Secret is about ${size} bytes long, too long for the log`;
    return [{ origin: declared.origin, path: '', message, hint: 'split it into several Secrets' }];
  }
  const facts = draft.environment.inspect(secret);
  const next = certificateObserved(secret, facts, {
    nowMs: draft.nowMs,
    standalone: draft.environment.standalone,
  });
  const current = draft.inForce.certificates.get(key);
  if (current === undefined || canonicalJson(next) !== canonicalJson(current)) put(draft, key, next);
  if (next.fault === '') seal(draft, key, { fact: next, secret });
  return [];
}

function sizeOf(secret: Secret): number {
  return Object.entries(secret.data).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}

function put(draft: Draft, key: string, fact: FactOf<'CertificateObserved'>): void {
  add(draft, fact);
  if (!draft.inForce.certificates.has(key)) use(draft, fact.ref.namespace, 1);
  draft.certificates.set(key, fact);
}

/** A faulty new version leaves the sealed good one where it is. */
function seal(
  draft: Draft,
  key: string,
  { fact, secret }: { fact: FactOf<'CertificateObserved'>; secret: Secret },
): void {
  const { ref, uid, digest } = fact;
  const sealed = draft.inForce.sealed.get(key);
  if (sealed?.uid === uid && sealed.digest === digest && sealed.keyId === draft.environment.keyId) return;
  draft.seals.push({ ref, uid, digest, secret });
}

function forget(draft: Draft, key: string, ref: ObjectRef): void {
  if (draft.inForce.certificates.has(key)) {
    add(draft, { type: 'CertificateForgotten', ref });
    draft.certificates.set(key, undefined);
    use(draft, ref.namespace, -1);
  }
  if (draft.inForce.sealed.has(key)) draft.unseals.push(ref);
}

/** Writes again every certificate whose time has come since it was last written. */
export function planExpiries(draft: Draft): void {
  for (const [key, fact] of draft.inForce.certificates) {
    if (draft.certificates.has(key)) continue;
    const expired = isExpired(fact.notAfter, draft.nowMs);
    if (expired !== fact.expired) put(draft, key, { ...fact, expired });
  }
}
