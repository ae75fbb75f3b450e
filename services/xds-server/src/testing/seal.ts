// Seals certificates onto the log as api-watcher does, for tests.
import type { EventLog, LogWriter } from '@sluice/event-log';
import { buildSubject, encodeEvent, streams } from '@sluice/events';
import type { IrCertificate } from '@sluice/ir';
import { SealingKey, sealKeyPair } from '@sluice/sealed-secret';
import type { TestCertificate } from '@sluice/testkit';

export const testSealingKey = new SealingKey(new Uint8Array(32).fill(7));

/** Opens SECRETS as its one writer. */
export async function openSecrets(log: EventLog): Promise<LogWriter> {
  await log.ensureStream(streams.SECRETS);
  return log.openWriter('SECRETS', 'api-watcher');
}

/** Seals a key pair for a certificate of the IR. */
export async function sealFor(
  writer: LogWriter,
  certificate: IrCertificate,
  pair: TestCertificate,
): Promise<void> {
  const { source: ref, uid, digest } = certificate;
  const sealed = sealKeyPair({
    key: testSealingKey,
    subject: buildSubject({ domain: 'secret', ...ref }),
    uid,
    pair: { certificateChain: pair.chainPem, privateKey: pair.keyPem },
  });
  await writer.append([encodeEvent({ type: 'SecretSealed', ref, uid, digest, ...sealed })]);
}
