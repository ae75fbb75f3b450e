import type { Lease } from '../model/control.ts';
import { type Packs, unsealAll } from '../model/stored-events.ts';
import type { LogContext } from './context.ts';
import { renewLease } from './lease.ts';
import { scan } from './scan.ts';

export interface Unsettled {
  readonly stream: string;
  /** Of the stream. */
  readonly packs: Packs;
  readonly lease: Lease;
  /** Last sequence known to hold an event of this writer. */
  readonly afterSeq: number;
  /** Counters of the events in doubt, first and last. */
  readonly firstCounter: number;
  readonly lastCounter: number;
}

export interface Settled {
  readonly leaseSeq: number;
  /** How many of the events are stored, from the first on, and the sequence of the last one of them. */
  readonly stored: number;
  readonly storedSeq: number;
}

/**
 * Finds out how much of what was sent is stored. Renewing the lease first is what makes the answer final: a message
 * still on its way expects the old lease and is refused from then on.
 * @throws LogError `fenced`, `closed`
 */
export async function settle(context: LogContext, doubt: Unsettled): Promise<Settled> {
  const { stream, lease, firstCounter, lastCounter } = doubt;
  context.logger?.warn(
    { stream, writer: lease.writer, epoch: lease.epoch },
    'outcome of an append is unclear, reading it back',
  );
  const leaseSeq = await renewLease(context, stream, lease);
  let stored = 0;
  let storedSeq = 0;
  for await (const raw of scan(context, stream, { fromSeq: doubt.afterSeq + 1, toSeq: leaseSeq })) {
    const writer = unsealAll(raw, doubt.packs)?.at(-1)?.writer;
    if (writer?.name !== lease.writer || writer.epoch !== lease.epoch) continue;
    if (writer.counter < firstCounter || writer.counter > lastCounter) continue;
    stored = writer.counter - firstCounter + 1;
    storedSeq = raw.seq;
  }
  return { leaseSeq, stored, storedSeq };
}
