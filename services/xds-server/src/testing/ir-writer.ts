// Writes revisions as the translator does, for tests.
import type { EventLog, LogWriter } from '@sluice/event-log';
import { encodeEvent, type Revision, streams } from '@sluice/events';
import { type IrId, type IrResource, irHash, irIdOf, SetHash } from '@sluice/ir';

export class IrWriter {
  readonly #writer: LogWriter;
  readonly #held = new Map<IrId, string>();
  #seq = 0;

  private constructor(writer: LogWriter) {
    this.#writer = writer;
  }

  static async open(log: EventLog): Promise<IrWriter> {
    await log.ensureStream(streams.IR);
    return new IrWriter(await log.openWriter('IR', 'translator', { tellsEarly: true }));
  }

  /** One revision: puts, and removals by the resource that goes. Resolves when it is on the log. */
  async commit(put: readonly IrResource[], removed: readonly IrResource[] = []): Promise<Revision> {
    this.#seq += 1;
    const revision = { epoch: 1, seq: this.#seq };
    for (const resource of put) this.#held.set(irIdOf(resource), irHash(resource));
    for (const resource of removed) this.#held.delete(irIdOf(resource));
    const set = new SetHash();
    for (const hash of this.#held.values()) set.add(hash);
    const events = [
      ...put.map((resource) => encodeEvent({ type: 'ResourcePut', revision, resource })),
      ...removed.map(({ kind, key }) => encodeEvent({ type: 'ResourceRemoved', revision, kind, key })),
    ];
    await this.#writer.transact(
      events,
      encodeEvent({
        type: 'RevisionCommitted',
        revision,
        translator: 'test',
        changes: events.length,
        stateHash: set.toString(),
      }),
    );
    return revision;
  }
}
