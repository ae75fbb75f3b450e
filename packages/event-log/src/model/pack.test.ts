import { describe, expect, it } from 'vitest';
import { event, textOf } from '../../contract/harness.ts';
import { envelopeOf, seal } from './envelope.ts';
import type { OutMessage, RawMessage, SealedEvent } from './message.ts';
import { pack } from './pack.ts';
import { type Packs, packsOf, unsealAll } from './stored-events.ts';

function sealed(subjects: readonly string[], traceparents: readonly string[] = []): SealedEvent[] {
  let prev = '';
  return subjects.map((subject, i) => {
    const traceparent = traceparents[i];
    const own = seal(
      {
        ...event(subject, i === 0 ? null : `"${i}"\n`),
        ...(traceparent === undefined ? {} : { traceparent }),
      },
      {
        writer: { name: 'w', epoch: 1, counter: i + 1 },
        prev,
        transaction: { id: '1.1', closing: i === subjects.length - 1 },
      },
    );
    prev = own.hash;
    return own;
  });
}

function stored(message: OutMessage): RawMessage {
  return { ...message, seq: 7, timeMs: 1 };
}

/** A pack as it was written once: each event with its whole envelope. */
function enveloped(events: readonly SealedEvent[]): RawMessage {
  const parts = events.map((one) => {
    return { subject: one.subject, headers: Object.fromEntries(envelopeOf(one)), bytes: one.data.length };
  });
  const line = Buffer.from(`${JSON.stringify(parts)}\n`);
  return {
    ...stored(pack(events)),
    data: Buffer.concat([line, ...events.map(({ data }) => data)]),
  };
}

describe('a pack', () => {
  it.each([
    ['as it is written', (events: readonly SealedEvent[]) => stored(pack(events))],
    ['with whole envelopes', enveloped],
  ])('%s gives back each event as it was sealed, under one sequence', (_, packed) => {
    const traces = ['a', 'b'].map((c) => `00-${c.repeat(32)}-${c.repeat(16)}-01`);
    const [a = '', b = ''] = traces;
    const events = sealed(['ir.v1.a', 'ir.v1.b', 'ir.v1.c', 'revision.v1.r'], [a, a, b]);
    const read = unsealAll(packed(events), 'any') ?? [];
    expect(read.map(({ data, ...rest }) => ({ ...rest, text: textOf({ data }) }))).toEqual(
      events.map(({ data, ...rest }) => ({ ...rest, seq: 7, timeMs: 1, text: textOf({ data }) })),
    );
    expect(read.map(({ traceparent }) => traceparent)).toEqual([a, a, b, undefined]);
    expect(read.map(({ tombstone }) => tombstone)).toEqual([true, false, false, false]);
    expect(read.map(textOf)).toEqual(['', '"1"\n', '"2"\n', '"3"\n']);
  });

  const forged = ['log.v1.IR.lease.w', 'revision.v1.r'];
  it.each([
    ['any', ['ir.v1.a', 'revision.v1.r'], 2],
    ['any', forged, undefined],
    ['any', forged.toReversed(), undefined],
    ['kin', ['object.v1.a', 'object.v1.b'], 2],
    ['kin', ['object.v1.a', 'rejection.v1.b'], undefined],
    ['kin', ['object.v2.a', 'object.v1.b'], undefined],
    ['kin', ['object.v1x.a', 'object.v1.b'], undefined],
    ['kin', ['a', 'a'], undefined],
    ['kin', ['log.v1.FACTS.epoch', 'log.v1.FACTS.lease.w'], undefined],
    ['none', ['ack.v1.a', 'ack.v1.b'], undefined],
  ] satisfies [Packs, string[], number | undefined][])(
    'where %s may share one: %j',
    (packs, subjects, count) => {
      for (const raw of [stored(pack(sealed(subjects))), enveloped(sealed(subjects))])
        expect(unsealAll(raw, packs)?.length).toBe(count);
    },
  );

  it('may hold what the stream keeps for ever, of all subjects where one service writes them all', () => {
    expect(packsOf({ transactional: true })).toBe('any');
    expect(packsOf({ transactional: false })).toBe('kin');
    expect(packsOf({ transactional: false, keepPerSubject: 8 })).toBe('none');
    expect(packsOf({ transactional: true, keepPerSubject: 8 })).toBe('none');
  });

  const rewritten =
    (change: (head: Record<string, unknown>) => unknown) =>
    (data: Uint8Array): Uint8Array => {
      const end = data.indexOf(10);
      const head = JSON.parse(Buffer.from(data.subarray(0, end)).toString()) as Record<string, unknown>;
      return Buffer.concat([Buffer.from(JSON.stringify(change(head))), data.subarray(end)]);
    };
  it.each([
    ['one byte more', (data: Uint8Array) => Buffer.concat([data, Buffer.from('x')])],
    ['one byte less', (data: Uint8Array) => data.slice(0, -1)],
    ['no head', () => new Uint8Array()],
    ['a head that is none', () => Buffer.from('[1,2]\n')],
    ['a negative length', () => Buffer.from('[{"subject":"a","headers":{},"bytes":-1},{}]\n')],
    ['no writer', rewritten(({ writer: _, ...head }) => head)],
    ['a counter that is no number', rewritten((head) => ({ ...head, counter: '1' }))],
    ['a head before it that is no hash', rewritten((head) => ({ ...head, prev: 'x' }))],
    ['a transaction that is none', rewritten((head) => ({ ...head, transaction: '1.1' }))],
    ['one event less', rewritten((head) => ({ ...head, events: (head.events as unknown[]).slice(1) }))],
    ['events that are none', rewritten((head) => ({ ...head, events: [{ bytes: 0 }, { bytes: 4 }] }))],
  ])('with %s cannot be read', (_, damage) => {
    const raw = stored(pack(sealed(['ir.v1.a', 'revision.v1.r'])));
    expect(unsealAll(raw, 'any')).toHaveLength(2);
    expect(unsealAll({ ...raw, data: damage(raw.data) }, 'any')).toBeUndefined();
  });
});
