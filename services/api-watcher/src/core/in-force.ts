// The folded state of FACTS (and what of SECRETS matters) as api-watcher sees it. evolve(state, event) → state, as a
// class that applies events in place.
import type { Fact, FactOf, SecretEvent } from '@sluice/events';
import { isEnvoyConfig, objectRefOf } from '@sluice/kinds';
import { HeldObject } from './held-object.ts';
import { keyOf } from './keys.ts';
import { redirectedServices, type ServiceClaim } from './service-claims.ts';

/** What SECRETS holds of one Secret, without its bytes. */
export type SealedFacts = Pick<
  Extract<SecretEvent, { type: 'SecretSealed' }>,
  'ref' | 'uid' | 'digest' | 'keyId'
>;

export class InForce {
  /** By key; every kind save Secret. */
  readonly objects = new Map<string, HeldObject>();
  /** Which Services objects put at listeners, by the key of the object. */
  readonly redirects = new Map<string, readonly ServiceClaim[]>();
  /** By the Secret's key. */
  readonly certificates = new Map<string, FactOf<'CertificateObserved'>>();
  /** By subject. */
  readonly refusals = new Map<string, FactOf<'ObjectRefused'> | FactOf<'FileRefused'>>();
  /** By the Gateway's key. */
  readonly addresses = new Map<string, FactOf<'AddressAssigned'>>();
  /** By subject. */
  readonly synced = new Map<string, FactOf<'KindSynced'>>();
  /** By the Secret's key. */
  readonly sealed = new Map<string, SealedFacts>();
  readonly #namespaces = new Map<string, number>();

  /** Applies one fact; facts that other services write are left alone. */
  apply(subject: string, fact: Fact): void {
    switch (fact.type) {
      case 'ObjectChanged':
        this.putObject(keyOf(objectRefOf(fact.object)), fact);
        break;
      case 'ObjectDeleted':
        this.#drop(this.objects, keyOf(fact.ref), fact.ref.namespace);
        this.redirects.delete(keyOf(fact.ref));
        break;
      case 'CertificateObserved':
        this.#put(this.certificates, keyOf(fact.ref), fact, fact.ref.namespace);
        break;
      case 'CertificateForgotten':
        this.#drop(this.certificates, keyOf(fact.ref), fact.ref.namespace);
        break;
      case 'ObjectRefused':
      case 'FileRefused':
        this.refusals.set(subject, fact);
        break;
      case 'RefusalCleared':
        this.refusals.delete(subject);
        break;
      case 'AddressAssigned':
        this.addresses.set(keyOf(fact.gateway), fact);
        break;
      case 'AddressReleased':
        this.addresses.delete(keyOf(fact.gateway));
        break;
      case 'KindSynced':
        this.synced.set(subject, fact);
        break;
      case 'ResourceRejected':
      case 'RejectionCleared':
        break;
    }
  }

  /** Applies an ObjectChanged. `data`: its canonical form, where that is at hand. */
  putObject(key: string, fact: FactOf<'ObjectChanged'>, data?: Uint8Array): HeldObject {
    const held = new HeldObject(fact, data);
    this.#put(this.objects, key, held, fact.object.metadata.namespace);
    if (isEnvoyConfig(fact.object)) this.redirects.set(key, redirectedServices(fact.object));
    return held;
  }

  /** Applies one event of SECRETS. */
  applySecret(event: SecretEvent): void {
    const key = keyOf(event.ref);
    if (event.type === 'SecretRemoved') this.sealed.delete(key);
    else this.sealed.set(key, { ref: event.ref, uid: event.uid, digest: event.digest, keyId: event.keyId });
  }

  /** How many objects in force a namespace holds. */
  namespaceUse(name: string): number {
    return this.#namespaces.get(name) ?? 0;
  }

  /** The namespaces that hold objects in force. */
  namespaces(): IteratorObject<string> {
    return this.#namespaces
      .entries()
      .filter(([name, count]) => name !== '' && count > 0)
      .map(([name]) => name);
  }

  /** Every fact of ours that is in force, in an order that can be written again. */
  facts(): Fact[] {
    return [
      ...this.objects.values().map(({ fact }) => fact),
      ...this.certificates.values(),
      ...this.refusals.values(),
      ...this.addresses.values(),
      ...this.synced.values(),
    ];
  }

  #put<T>(table: Map<string, T>, key: string, fact: T, namespace: string): void {
    if (!table.has(key)) this.#namespaces.set(namespace, (this.#namespaces.get(namespace) ?? 0) + 1);
    table.set(key, fact);
  }

  #drop<T>(table: Map<string, T>, key: string, namespace: string): void {
    if (table.delete(key)) this.#namespaces.set(namespace, (this.#namespaces.get(namespace) ?? 1) - 1);
  }
}
