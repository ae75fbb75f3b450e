import type { Lease } from '../model/control.ts';
import { unseal } from '../model/envelope.ts';
import type { ChainHead } from '../model/message.ts';
import type { LogContext } from './context.ts';
import { renewLease } from './lease.ts';
import { scan } from './scan.ts';

export interface Unsettled {
  readonly stream: string;
  readonly lease: Lease;
  /** Last sequence known to hold an event of this writer. */
  readonly afterSeq: number;
  /** Chain head that the batch in doubt would have made. */
  readonly last: ChainHead;
}

/**
 * Finds out whether a batch of unclear outcome was stored. Renewing the lease first is what makes the answer final: a
 * batch still on its way expects the old lease and is refused from then on.
 * @throws LogError `fenced`, `closed`
 */
export async function settle(
  context: LogContext,
  doubt: Unsettled,
): Promise<{ leaseSeq: number; storedSeq: number | undefined }> {
  const { stream, lease, last } = doubt;
  context.logger?.warn(
    { stream, writer: lease.writer, epoch: lease.epoch },
    'outcome of an append is unclear, reading it back',
  );
  const leaseSeq = await renewLease(context, stream, lease);
  for await (const raw of scan(context, stream, { fromSeq: doubt.afterSeq + 1, toSeq: leaseSeq })) {
    const event = unseal(raw);
    const own =
      event?.writer.name === lease.writer &&
      event.writer.epoch === last.epoch &&
      event.writer.counter === last.counter;
    if (own) return { leaseSeq, storedSeq: raw.seq };
  }
  return { leaseSeq, storedSeq: undefined };
}
