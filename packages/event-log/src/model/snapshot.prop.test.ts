import fc from 'fast-check';
import { expect, it } from 'vitest';
import { eventHash } from './envelope.ts';
import type { StoredEvent } from './message.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts';

const stored: fc.Arbitrary<StoredEvent> = fc
  .record({
    data: fc.uint8Array({ maxLength: 50 }),
    seq: fc.integer({ min: 1, max: 1e9 }),
    counter: fc.nat(),
    token: fc.stringMatching(/^[a-zß-ü=_-]{1,9}$/),
  })
  .map(({ data, seq, counter, token }) => {
    const event = {
      subject: `object.v1.${token}`,
      type: 'T',
      tombstone: false,
      data,
      writer: { name: 'w', epoch: 3, counter },
      prev: 'a'.repeat(64),
    };
    return { ...event, seq, timeMs: seq + 7, hash: eventHash(event) };
  });

it('reads back what it wrote, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(stored, { maxLength: 20 }), fc.integer({ min: 1, max: 400 }), (events, limit) => {
      const chunks = [...encodeSnapshot(events, limit)];
      expect(chunks.every((chunk) => chunk.length <= limit && chunk.length > 0)).toBe(true);
      expect(decodeSnapshot(chunks)).toEqual(events);
    }),
  );
});
