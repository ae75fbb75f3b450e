// The key pairs of certificates: followed from SECRETS, kept sealed on disk, opened in memory alone, shown to nobody but
// the compiler.
import { type EventLog, type FollowItem, followReporting } from '@sluice/event-log';
import { buildSubject, decodeSecretEvent, type SecretEvent } from '@sluice/events';
import type { IrCertificate, ObjectRef } from '@sluice/ir';
import { openKeyPair, type SealingKey } from '@sluice/sealed-secret';
import { errorFields, type Logger } from '@sluice/service-kit';
import type { IrChange } from '../core/ir-state.ts';
import type { KeyPair } from '../core/secret.ts';
import type { Sealed, StoredSecret, XdsStore } from '../store/xds-store.ts';

type Batch = Extract<FollowItem, { kind: 'batch' }>;

export interface KeyPairsOptions {
  readonly log: EventLog;
  readonly store: XdsStore;
  /** Absent: no certificate can be served. */
  readonly sealingKey: SealingKey | undefined;
  readonly logger: Logger;
  /** These certificates (by key) may have another key pair now. */
  readonly changed: (certificates: readonly string[]) => void;
}

/** `<namespace>/<name>`, as certificates of the IR are keyed. */
function certificateKey(ref: ObjectRef): string {
  return `${ref.namespace}/${ref.name}`;
}

function versionOf({ uid, digest }: Pick<Sealed, 'uid' | 'digest'>): string {
  return `${uid} ${digest}`;
}

/** Holds a sealed key pair as long as it is the newest on the log, or the IR asks for it: the two move one after the other. */
export class KeyPairs {
  readonly #options: KeyPairsOptions;
  /** By certificate, then by version. */
  readonly #held = new Map<string, Map<string, Sealed>>();
  /** Certificate → the version that the log holds. */
  readonly #listed = new Map<string, string>();
  /** Certificate → the version that the IR asks for. */
  readonly #wanted = new Map<string, string>();

  constructor(options: KeyPairsOptions) {
    this.#options = options;
  }

  /** Takes in what the state file holds. */
  restore(): void {
    for (const { key, sealed } of this.#options.store.secrets()) this.#hold(key, sealed);
  }

  /** The key pair of a certificate; undefined while none of its version is at hand, or it cannot be opened. */
  find(certificate: IrCertificate): KeyPair | undefined {
    const { sealingKey, logger } = this.#options;
    const sealed = this.#held.get(certificate.key)?.get(versionOf(certificate));
    if (sealingKey === undefined || sealed === undefined) return undefined;
    try {
      const subject = buildSubject({ domain: 'secret', ...sealed.ref });
      const pair = openKeyPair({ key: sealingKey, subject, uid: sealed.uid, sealed });
      return { chainPem: Buffer.from(pair.certificateChain), keyPem: Buffer.from(pair.privateKey) };
    } catch (error) {
      logger.error({ certificate: certificate.key, error: errorFields(error) }, 'secret cannot be opened');
      return undefined;
    }
  }

  /** Takes in what the IR asks for; what neither it nor the log holds any more is forgotten. */
  wanted(changes: readonly IrChange[]): void {
    const touched: string[] = [];
    for (const { kind, key, resource } of changes) {
      if (kind !== 'certificate') continue;
      touched.push(key);
      if (resource?.kind === 'certificate') this.#wanted.set(key, versionOf(resource));
      else this.#wanted.delete(key);
    }
    if (this.#listed.size > 0 && touched.length > 0) this.#save([], this.#sweep(touched));
  }

  /** Follows SECRETS until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    for await (const item of followReporting(this.#options.log, 'SECRETS', { signal }))
      if (item.kind === 'batch') this.#options.changed(this.#fold(item));
  }

  /** The certificates that may have another key pair now. */
  #fold(batch: Batch): string[] {
    const touched = new Set<string>();
    if (batch.reset) {
      for (const key of this.#held.keys()) touched.add(key);
      this.#listed.clear();
    }
    const put: StoredSecret[] = [];
    for (const { data, seq } of batch.events) {
      const decoded = decodeSecretEvent(data);
      if (!decoded.ok) this.#options.logger.error({ seq }, 'event of SECRETS cannot be read');
      else touched.add(this.#apply(decoded.event, put));
    }
    const removed = this.#sweep(touched);
    this.#save(
      put.filter(({ key, sealed }) => this.#held.get(key)?.has(versionOf(sealed))),
      removed,
    );
    return [...touched];
  }

  #apply(event: SecretEvent, put: StoredSecret[]): string {
    const key = certificateKey(event.ref);
    if (event.type === 'SecretSealed') {
      this.#listed.set(key, versionOf(event));
      this.#hold(key, event);
      put.push({ key, sealed: event });
    } else this.#listed.delete(key);
    return key;
  }

  #hold(key: string, sealed: Sealed): void {
    const versions = this.#held.get(key) ?? new Map<string, Sealed>();
    this.#held.set(key, versions.set(versionOf(sealed), sealed));
  }

  #sweep(keys: Iterable<string>): StoredSecret[] {
    const removed: StoredSecret[] = [];
    for (const key of keys) {
      const versions = this.#held.get(key) ?? new Map<string, Sealed>();
      for (const [version, sealed] of versions) {
        if (this.#listed.get(key) === version || this.#wanted.get(key) === version) continue;
        versions.delete(version);
        removed.push({ key, sealed });
      }
      if (versions.size === 0) this.#held.delete(key);
    }
    return removed;
  }

  #save(put: readonly StoredSecret[], removed: readonly StoredSecret[]): void {
    if (put.length + removed.length > 0) this.#options.store.saveSecrets(put, removed);
  }
}
