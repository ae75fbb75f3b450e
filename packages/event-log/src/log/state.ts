import type { Fold } from '../model/fold.ts';
import type { Step, StreamReader } from '../model/reader.ts';
import { type Damage, type FoldedState, LogError } from '../port.ts';
import { findBase } from './base.ts';
import { existingStream, type LogContext } from './context.ts';
import { scan } from './scan.ts';

/** A state with the reader that led to it. */
export interface ReadState {
  readonly fold: Fold;
  readonly reader: StreamReader;
  readonly incarnation: string;
}

/**
 * Folds a stream up to `atSeq`, default its newest event; an open transaction is left out.
 * @throws LogError `before-retained-history`; `damaged` where something is missing that no epoch start answers for
 */
export async function readState(context: LogContext, stream: string, atSeq?: number): Promise<ReadState> {
  const info = await existingStream(context, stream);
  const toSeq = Math.min(atSeq ?? info.lastSeq, info.lastSeq);
  const { fold, reader, damage: headGone } = await findBase(context, info, atSeq);
  if (atSeq !== undefined && headGone !== undefined) {
    throw new LogError(
      'before-retained-history',
      `${stream} no longer holds what led to sequence ${atSeq}; its first is ${info.firstSeq}`,
      {
        hint: 'Ask for a later moment.',
      },
    );
  }
  let damage: Damage | undefined = headGone;
  const take = (step: Step): void => {
    if (step.kind === 'damage') damage ??= step.damage;
    else if (step.kind === 'events') for (const event of step.events) fold.apply(event);
    else {
      fold.apply(step.event);
      damage = undefined;
    }
  };
  for await (const raw of scan(context, stream, { fromSeq: reader.nextSeq, toSeq }))
    reader.push(raw).forEach(take);
  reader.missing(toSeq).forEach(take);
  if (damage !== undefined) {
    const { firstSeq } = await existingStream(context, stream);
    if (firstSeq > info.firstSeq) return await readState(context, stream, atSeq);
    throw damagedError(damage);
  }
  return { fold, reader, incarnation: info.incarnation };
}

function damagedError(damage: Damage): LogError {
  const text = `${damage.stream} is damaged from ${damage.from} to ${damage.to}: ${damage.message}`;
  return new LogError('damaged', text, {
    hint: 'Run verify; the owner of the source answers with a new epoch.',
  });
}

/** The `stateAt` of the port. */
export async function stateAt(context: LogContext, stream: string, atSeq?: number): Promise<FoldedState> {
  const { fold, reader, incarnation } = await readState(context, stream, atSeq);
  return fold.stateAt({ incarnation, ...reader.settled });
}
