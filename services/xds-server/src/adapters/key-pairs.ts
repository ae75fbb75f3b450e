// The opened key pairs of certificates: followed from SECRETS, kept in memory alone, shown to nobody but the compiler.
import type { EventLog } from '@sluice/event-log';
import { buildSubject, decodeEvent, type SecretEvent } from '@sluice/events';
import type { IrCertificate, ObjectRef } from '@sluice/ir';
import { openKeyPair, type SealingKey } from '@sluice/sealed-secret';
import { errorFields, type Logger } from '@sluice/service-kit';
import type { KeyPair } from '../core/secret.ts';

type Sealed = Extract<SecretEvent, { type: 'SecretSealed' }>;

export interface KeyPairsOptions {
  readonly log: EventLog;
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

export class KeyPairs {
  readonly #options: KeyPairsOptions;
  readonly #sealed = new Map<string, Sealed>();

  constructor(options: KeyPairsOptions) {
    this.#options = options;
  }

  /** The key pair of a certificate; undefined while the one at hand has another digest, or cannot be opened. */
  find(certificate: IrCertificate): KeyPair | undefined {
    const { sealingKey, logger } = this.#options;
    const sealed = this.#sealed.get(certificate.key);
    if (sealingKey === undefined || sealed?.digest !== certificate.digest || sealed.uid !== certificate.uid)
      return undefined;
    try {
      const subject = buildSubject({ domain: 'secret', ...sealed.ref });
      const pair = openKeyPair({ key: sealingKey, subject, uid: sealed.uid, sealed });
      return { chainPem: Buffer.from(pair.certificateChain), keyPem: Buffer.from(pair.privateKey) };
    } catch (error) {
      logger.error({ certificate: certificate.key, error: errorFields(error) }, 'secret cannot be opened');
      return undefined;
    }
  }

  /** Follows SECRETS until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    for await (const item of this.#options.log.follow('SECRETS', { signal })) {
      if (item.kind === 'damage') continue;
      const touched = new Set<string>();
      if (item.reset) {
        for (const key of this.#sealed.keys()) touched.add(key);
        this.#sealed.clear();
      }
      for (const { data, seq } of item.events) {
        const decoded = decodeEvent('SECRETS', data);
        if (decoded.ok) touched.add(this.#fold(decoded.event));
        else this.#options.logger.error({ seq }, 'event of SECRETS cannot be read');
      }
      this.#options.changed([...touched]);
    }
  }

  #fold(event: SecretEvent): string {
    const key = certificateKey(event.ref);
    if (event.type === 'SecretSealed') this.#sealed.set(key, event);
    else this.#sealed.delete(key);
    return key;
  }
}
