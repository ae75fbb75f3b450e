import { describe, expect, it } from 'vitest';
import { event, textOf } from '../../contract/harness.ts';
import { seal, unsealAll } from './envelope.ts';
import type { OutMessage, RawMessage } from './message.ts';
import { pack } from './pack.ts';

const transactional = { transactional: true };

function sealed(subjects: readonly string[]): OutMessage[] {
  let prev = '';
  return subjects.map((subject, i) => {
    const writer = { name: 'w', epoch: 1, counter: i + 1 };
    const transaction = { id: '1.1', closing: i === subjects.length - 1 };
    const { message, hash } = seal(event(subject, i === 0 ? null : `"${i}"\n`), {
      writer,
      prev,
      transaction,
    });
    prev = hash;
    return message;
  });
}

function stored(message: OutMessage): RawMessage {
  return { ...message, seq: 7, timeMs: 1 };
}

describe('a pack', () => {
  it('holds events in order, each with its own envelope, under one sequence', () => {
    const events =
      unsealAll(stored(pack(sealed(['ir.v1.a', 'ir.v1.b', 'revision.v1.r']))), transactional) ?? [];
    expect(events.map(({ subject, seq, writer }) => [subject, seq, writer.counter])).toEqual([
      ['ir.v1.a', 7, 1],
      ['ir.v1.b', 7, 2],
      ['revision.v1.r', 7, 3],
    ]);
    expect(events.map(({ tombstone }) => tombstone)).toEqual([true, false, false]);
    expect(events.map(textOf)).toEqual(['', '"1"\n', '"2"\n']);
    expect(events[2]?.prev).toBe(events[1]?.hash);
    expect(events.map(({ transaction }) => transaction?.closing)).toEqual([false, false, true]);
  });

  it('counts in a transactional stream only, and not with an event of the log itself', () => {
    const plain = stored(pack(sealed(['ir.v1.a', 'revision.v1.r'])));
    expect(unsealAll(plain, transactional)).toHaveLength(2);
    expect(unsealAll(plain, { transactional: false })).toBeUndefined();
    const forged = stored(pack(sealed(['log.v1.IR.lease.w', 'revision.v1.r'])));
    expect(unsealAll(forged, transactional)).toBeUndefined();
  });

  it.each([
    ['one byte more', (data: Uint8Array) => Buffer.concat([data, Buffer.from('x')])],
    ['one byte less', (data: Uint8Array) => data.slice(0, -1)],
    ['no head', () => new Uint8Array()],
    ['a head that is none', () => Buffer.from('[1,2]\n')],
    ['a negative length', () => Buffer.from('[{"subject":"a","headers":{},"bytes":-1},{}]\n')],
  ])('with %s cannot be read', (_, damage) => {
    const raw = stored(pack(sealed(['ir.v1.a', 'revision.v1.r'])));
    expect(unsealAll({ ...raw, data: damage(raw.data) }, transactional)).toBeUndefined();
  });
});
