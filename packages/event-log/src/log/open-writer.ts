import { controlSubject, controlTypes, encodeControl } from '../model/control.ts';
import { assertWriterName } from '../model/envelope.ts';
import { StreamReader } from '../model/reader.ts';
import { packsOf } from '../model/stored-events.ts';
import type { WriterOptions } from '../port.ts';
import { newestMark } from './checkpoint-store.ts';
import { existingStream, type LogContext } from './context.ts';
import { takeLease } from './lease.ts';
import { scan } from './scan.ts';
import { StreamWriter } from './writer.ts';

/** Takes the lease of `name` and opens a writer under it; aborts a transaction that the holder before left open. */
export async function openWriter(
  context: LogContext,
  stream: string,
  { name, aboveEpoch, tellsEarly }: { readonly name: string } & Required<WriterOptions>,
): Promise<StreamWriter> {
  assertWriterName(name);
  const info = await existingStream(context, stream);
  const mark = await newestMark(context, stream);
  const start = mark !== undefined && mark.data.seq >= info.firstSeq - 1 ? mark.data : undefined;
  const reader = new StreamReader({
    stream,
    gapless: false,
    packs: packsOf(info.definition),
    nextSeq: start === undefined ? Math.max(info.firstSeq, 1) : start.seq + 1,
    ...(start === undefined ? {} : { heads: start.heads }),
  });
  await readUpTo(context, { stream, reader, toSeq: info.lastSeq });
  const head = reader.chains.heads.get(name);
  const above = Math.max(aboveEpoch, head?.epoch ?? 0, start?.leases[name]?.epoch ?? 0);
  const lease = await takeLease(context, stream, { name, above, head });
  await readUpTo(context, { stream, reader, toSeq: lease.seq - 1 });
  const open = reader.transactions.openOf(name);
  const writer = new StreamWriter(context, {
    stream,
    name,
    transactional: info.definition.transactional,
    packs: packsOf(info.definition),
    lease,
    head,
    tellsEarly,
  });
  if (open !== undefined) {
    const data = encodeControl({ transaction: open });
    await writer.appendControl([
      { subject: controlSubject.aborted(stream, name), type: controlTypes.aborted, tombstone: false, data },
    ]);
    context.logger?.warn(
      { stream, writer: name, transaction: open },
      'aborted a transaction that the writer before left open',
    );
  }
  return writer;
}

async function readUpTo(
  context: LogContext,
  range: { stream: string; reader: StreamReader; toSeq: number },
): Promise<void> {
  const { stream, reader, toSeq } = range;
  for await (const raw of scan(context, stream, { fromSeq: reader.nextSeq, toSeq })) reader.push(raw);
}
