// One hash chain per writer. A chain begins with a lease: counter 0, whose `prev` is the head that the new holder saw of
// the epoch before. Renewals of a lease stand outside of it, since a holder renews just when it does not know its head.
import { controlTypes, type Lease, leaseOf } from './control.ts';
import { eventHash } from './envelope.ts';
import type { ChainHead, StoredEvent } from './message.ts';

/** Follows the chains of all writers of a stream, and their leases. */
export class Chains {
  readonly heads: Map<string, ChainHead>;
  readonly leases = new Map<string, Lease>();
  readonly #gapless: boolean;

  /** `gapless`: every event is there, so a leap in a counter is damage. */
  constructor(options: { gapless: boolean; heads?: Readonly<Record<string, ChainHead>> }) {
    this.#gapless = options.gapless;
    this.heads = new Map(Object.entries(options.heads ?? {}));
  }

  /** Takes the next event in; answers what is wrong with it, in words. Goes on from it in any case. */
  next(event: StoredEvent): string | undefined {
    const { name, epoch, counter } = event.writer;
    if (eventHash(event) !== event.hash) return 'the content does not match its hash';
    const lease = leaseOf(event);
    if (lease !== undefined) this.leases.set(name, lease);
    if (event.type === controlTypes.leaseRenewed) return undefined;
    const fault = lease === undefined ? this.#link(event) : this.#begin(event, lease);
    this.heads.set(name, { epoch, counter, hash: event.hash });
    return fault;
  }

  /** Whether these events are what their hashes say, and would go on from where their writer's chain stands. Takes nothing in. */
  wouldContinue(events: readonly StoredEvent[]): boolean {
    const name = events[0]?.writer.name ?? '';
    let head = this.heads.get(name);
    for (const event of events) {
      const { writer, prev, hash } = event;
      if (head === undefined || writer.name !== name || prev !== head.hash) return false;
      if (writer.epoch !== head.epoch || writer.counter !== head.counter + 1) return false;
      if (eventHash(event) !== hash) return false;
      head = { epoch: writer.epoch, counter: writer.counter, hash };
    }
    return events.length > 0;
  }

  /** Forgets the chains: after an epoch start each goes on from its next event. */
  forget(): void {
    this.heads.clear();
  }

  #begin(event: StoredEvent, lease: Lease): string | undefined {
    const seen = this.heads.get(event.writer.name);
    if (seen === undefined) return undefined;
    if (event.writer.epoch <= seen.epoch)
      return `epoch ${event.writer.epoch} of writer ${event.writer.name} began after epoch ${seen.epoch}`;
    const { head } = lease;
    if (head === null || head.epoch !== seen.epoch) return undefined;
    if (head.counter > seen.counter && this.#gapless)
      return `writer ${event.writer.name} had written ${head.counter} events of which ${seen.counter} are left`;
    if (head.counter === seen.counter && head.hash !== seen.hash)
      return `writer ${event.writer.name} saw another last event`;
    return undefined;
  }

  #link(event: StoredEvent): string | undefined {
    const { name, epoch, counter } = event.writer;
    const seen = this.heads.get(name);
    if (seen === undefined) return undefined;
    if (epoch < seen.epoch)
      return `an event of writer ${name}, epoch ${epoch}, stands after epoch ${seen.epoch}`;
    if (epoch > seen.epoch)
      return this.#gapless ? `the lease of writer ${name}, epoch ${epoch}, is missing` : undefined;
    if (counter <= seen.counter) return `event ${counter} of writer ${name} stands after ${seen.counter}`;
    if (counter > seen.counter + 1)
      return this.#gapless
        ? `events ${seen.counter + 1} to ${counter - 1} of writer ${name} are missing`
        : undefined;
    return event.prev === seen.hash
      ? undefined
      : `event ${counter} of writer ${name} does not continue event ${seen.counter}`;
  }
}
