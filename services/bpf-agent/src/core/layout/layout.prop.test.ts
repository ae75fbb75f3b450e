import { existsSync, readFileSync } from 'node:fs';
import { describeIf } from '@sluice/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { builtObject } from '../../kernel/places.ts';
import { type Layout, type LayoutMember, mapTypes, structLayout } from '../btf/map-types.ts';
import { decodeRows, encodeRows, type StructCodec } from '../struct-codec.ts';
import { mapCodecs } from './maps.ts';
import { event } from './values.ts';

const missing = existsSync(builtObject) ? undefined : 'no eBPF object: run `npm run bpf`';

const fieldOf = ({ name }: LayoutMember): string =>
  name.replace(/_be$/, '').replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Bytes of a struct that is nothing but bytes. */
const innerBytes = (layout: Layout): number | undefined => {
  if (layout.kind === 'bytes') return layout.size;
  const only =
    layout.kind === 'struct' && layout.members.length === 1 ? layout.members[0]?.layout : undefined;
  return only?.kind === 'bytes' ? only.size : undefined;
};

/** Values of a type, each within its range. */
function values(layout: Layout): fc.Arbitrary<unknown> {
  const size = innerBytes(layout);
  if (size !== undefined) return fc.uint8Array({ minLength: size, maxLength: size });
  if (layout.kind === 'int')
    return layout.size === 8
      ? fc.bigInt(0n, 2n ** 64n - 1n)
      : fc.integer({ min: 0, max: 2 ** (8 * layout.size) - 1 });
  if (layout.kind !== 'struct') return fc.constant(undefined);
  const shown = layout.members.filter(({ name }) => !name.startsWith('reserved'));
  return fc.record(Object.fromEntries(shown.map((member) => [fieldOf(member), values(member.layout)])));
}

/** The bytes of a value as BTF has it, by no code of the codecs. */
function bytesOf(layout: Layout, value: unknown): Uint8Array {
  if (innerBytes(layout) !== undefined) return value as Uint8Array;
  const bytes = new Uint8Array(layout.size);
  if (layout.kind === 'int') {
    const whole = BigInt(value as number | bigint);
    for (let index = 0; index < layout.size; index += 1) {
      const shift = 8n * BigInt(layout.bigEndian ? layout.size - 1 - index : index);
      bytes[index] = Number((whole >> shift) & 0xffn);
    }
  } else if (layout.kind === 'struct') {
    const fields = value as Readonly<Record<string, unknown>>;
    for (const member of layout.members)
      if (!member.name.startsWith('reserved'))
        bytes.set(bytesOf(member.layout, fields[fieldOf(member)]), member.offset);
  }
  return bytes;
}

describeIf(missing)('codecs', () => {
  const object = missing === undefined ? new Uint8Array(readFileSync(builtObject)) : new Uint8Array();
  const types = missing === undefined ? mapTypes(object) : new Map();
  const all: [string, Layout | undefined, StructCodec<unknown>][] = Object.entries(mapCodecs).flatMap(
    ([name, codecs]) =>
      (['key', 'value'] as const).map((part): [string, Layout | undefined, StructCodec<unknown>] => [
        `${part} of ${name}`,
        types.get(name)?.[part],
        codecs[part] as StructCodec<unknown>,
      ]),
  );
  if (missing === undefined)
    all.push(['event', structLayout(object, 'event'), event as StructCodec<unknown>]);

  test.each(all)('%s: bytes stand where BTF says, and come back as they were', (_, layout, codec) => {
    if (layout === undefined) expect.fail('the object has no such type');
    fc.assert(
      fc.property(fc.array(values(layout), { maxLength: 3 }), (rows) => {
        const bytes = encodeRows(codec, rows);
        expect([...bytes]).toEqual(rows.flatMap((row) => [...bytesOf(layout, row)]));
        expect(decodeRows(codec, bytes)).toEqual(rows);
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ['a port beyond 16 bits', { port: 65_536 }],
    ['a negative number', { protocol: -1 }],
    ['a part of a number', { scope: 0.5 }],
    ['an address of 4 bytes', { address: new Uint8Array(4) }],
  ])('%s is refused, not cut', (_, wrong) => {
    const key = { address: new Uint8Array(16), port: 80, protocol: 6, scope: 0, ...wrong };
    expect(() => encodeRows(mapCodecs.lb_frontends.key, [key])).toThrow(RangeError);
  });

  test('bytes that are no whole rows are refused', () => {
    expect(() => decodeRows(mapCodecs.lb_slots.key, new Uint8Array(17))).toThrow(RangeError);
  });
});
