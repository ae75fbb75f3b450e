import { Unavailable } from '../backend.ts';
import {
  controlSubject,
  controlTypes,
  encodeControl,
  type Lease,
  type LeaseData,
  leaseOf,
} from '../model/control.ts';
import { messageOf, seal, unseal } from '../model/envelope.ts';
import type { ChainHead, OutMessage } from '../model/message.ts';
import { LogError } from '../port.ts';
import { type LogContext, persist } from './context.ts';

/** The lease of a name as it stands now; undefined where nobody ever took it. */
export async function currentLease(
  context: LogContext,
  stream: string,
  name: string,
): Promise<Lease | undefined> {
  const raw = await persist(context, () => context.backend.last(stream, controlSubject.lease(stream, name)));
  const event = raw === undefined ? undefined : unseal(raw);
  return event === undefined ? undefined : leaseOf(event);
}

/** A lease taken: what the holder's first event continues. */
export interface TakenLease {
  readonly epoch: number;
  readonly seq: number;
  readonly instance: string;
  readonly hash: string;
}

/** Takes the lease of `name`, whoever holds it. The epoch is one above `above` and any earlier one. */
export async function takeLease(
  context: LogContext,
  stream: string,
  by: { name: string; above: number; head: ChainHead | undefined },
): Promise<TakenLease> {
  const instance = context.randomId();
  for (;;) {
    const held = await currentLease(context, stream, by.name);
    const epoch = Math.max(held?.epoch ?? 0, by.above) + 1;
    const sealed = leaseMessage(stream, {
      name: by.name,
      epoch,
      instance,
      head: by.head ?? null,
      renewal: undefined,
    });
    const expect = { subject: sealed.message.subject, seq: held?.seq ?? 0 };
    const id = `${by.name}-${epoch}-${instance}`;
    const outcome = await context.backend.publish(stream, [sealed.message], { id, expect });
    if (outcome.kind === 'stored') return { epoch, seq: outcome.lastSeq, instance, hash: sealed.hash };
    const now = await currentLease(context, stream, by.name);
    if (now?.instance === instance) return { epoch, seq: now.seq, instance, hash: sealed.hash };
  }
}

/**
 * Publishes the lease once more under the same holder, so that whatever was sent before under its old sequence can no
 * longer be stored; answers the sequence from then on.
 * @throws LogError `fenced` when another one holds it
 */
export async function renewLease(context: LogContext, stream: string, lease: Lease): Promise<number> {
  let known = lease.seq;
  return await persist(context, async () => {
    const id = context.randomId();
    const { writer: name, epoch, instance, head } = lease;
    const { message } = leaseMessage(stream, { name, epoch, instance, head, renewal: id });
    const outcome = await context.backend.publish(stream, [message], {
      id: `${name}-${epoch}-renewal-${id}`,
      expect: { subject: message.subject, seq: known },
    });
    if (outcome.kind === 'stored') return outcome.lastSeq;
    if (outcome.kind === 'unclear')
      throw new Unavailable('the lease could not be renewed yet', { cause: outcome.cause });
    known = await heldSeq(context, stream, lease);
    throw new Unavailable('the lease was renewed meanwhile');
  });
}

/** Sequence of the lease while `lease.instance` holds it. @throws LogError `fenced` otherwise */
export async function heldSeq(
  context: LogContext,
  stream: string,
  lease: Pick<Lease, 'writer' | 'instance' | 'epoch'>,
): Promise<number> {
  const now = await currentLease(context, stream, lease.writer);
  if (now?.instance === lease.instance) return now.seq;
  throw new LogError(
    'fenced',
    `writer ${lease.writer} of ${stream}, epoch ${lease.epoch}, was replaced by epoch ${now?.epoch ?? 'none'}`,
    {
      hint: 'Another process took over: stop, and restart to take the lease again.',
    },
  );
}

interface LeaseContent {
  readonly name: string;
  readonly epoch: number;
  readonly instance: string;
  readonly head: ChainHead | null;
  readonly renewal: string | undefined;
}

function leaseMessage(stream: string, of: LeaseContent): { message: OutMessage; hash: string } {
  const data: LeaseData = { instance: of.instance, head: of.head };
  const subject = controlSubject.lease(stream, of.name);
  const type = of.renewal === undefined ? controlTypes.leaseTaken : controlTypes.leaseRenewed;
  const sealed = seal(
    { subject, type, tombstone: false, data: encodeControl(data) },
    {
      writer: { name: of.name, epoch: of.epoch, counter: 0 },
      prev: of.renewal === undefined ? (of.head?.hash ?? '') : '',
    },
  );
  const message = messageOf(sealed, of.renewal === undefined ? '' : `-${of.renewal}`);
  return { message, hash: sealed.hash };
}
