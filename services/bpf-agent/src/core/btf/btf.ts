// BTF, the types that an eBPF object carries (Linux, Documentation/bpf/btf.rst), as far as maps need them. Bytes of the section `.BTF`
// in, types by number out.

/** A type; `type` elsewhere is the number of another one, 0 is void. */
export type BtfType =
  | { readonly kind: 'int'; readonly name: string; readonly size: number; readonly signed: boolean }
  | { readonly kind: 'pointer'; readonly type: number }
  | { readonly kind: 'array'; readonly type: number; readonly count: number }
  | {
      readonly kind: 'struct';
      readonly name: string;
      readonly size: number;
      readonly members: readonly BtfMember[];
    }
  /** A name for another type: typedef, const, volatile, restrict. */
  | { readonly kind: 'alias'; readonly name: string; readonly type: number }
  | { readonly kind: 'enum'; readonly name: string; readonly size: number }
  | { readonly kind: 'variable'; readonly name: string; readonly type: number }
  | { readonly kind: 'section'; readonly name: string; readonly variables: readonly number[] }
  | { readonly kind: 'other'; readonly name: string };

export interface BtfMember {
  readonly name: string;
  readonly type: number;
  /** In bits from the start of the struct. */
  readonly offsetBits: number;
}

const kinds = {
  int: 1,
  pointer: 2,
  array: 3,
  struct: 4,
  union: 5,
  enumeration: 6,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  function: 12,
  prototype: 13,
  variable: 14,
  section: 15,
  float: 16,
  declTag: 17,
  typeTag: 18,
  enumeration64: 19,
} as const;

/** Bytes behind the 12 that each type begins with, by kind and `vlen`. */
function extraBytes(kind: number, length: number): number {
  switch (kind) {
    case kinds.int:
    case kinds.variable:
    case kinds.declTag:
      return 4;
    case kinds.array:
      return 12;
    case kinds.struct:
    case kinds.union:
    case kinds.section:
    case kinds.enumeration64:
      return 12 * length;
    case kinds.enumeration:
    case kinds.prototype:
      return 8 * length;
    default:
      return 0;
  }
}

/** One type as it lies in the section. */
interface Raw {
  readonly view: DataView;
  readonly at: number;
  readonly name: string;
  readonly length: number;
  readonly sizeOrType: number;
  /** Text at an offset of the section's strings. */
  readonly text: (offset: number) => string;
}

const readers: Readonly<Record<number, (raw: Raw) => BtfType>> = {
  [kinds.int]: ({ view, at, name, sizeOrType }) => ({
    kind: 'int',
    name,
    size: sizeOrType,
    signed: ((view.getUint32(at + 12, true) >>> 24) & 1) === 1,
  }),
  [kinds.pointer]: ({ sizeOrType }) => ({ kind: 'pointer', type: sizeOrType }),
  [kinds.array]: ({ view, at }) => ({
    kind: 'array',
    type: view.getUint32(at + 12, true),
    count: view.getUint32(at + 20, true),
  }),
  [kinds.struct]: (raw) => ({ kind: 'struct', name: raw.name, size: raw.sizeOrType, members: members(raw) }),
  [kinds.enumeration]: ({ name, sizeOrType }) => ({ kind: 'enum', name, size: sizeOrType }),
  [kinds.variable]: ({ name, sizeOrType }) => ({ kind: 'variable', name, type: sizeOrType }),
  [kinds.section]: ({ view, at, name, length }) => ({
    kind: 'section',
    name,
    variables: Array.from({ length }, (_, index) => view.getUint32(at + 12 + 12 * index, true)),
  }),
  ...Object.fromEntries(
    [kinds.typedef, kinds.volatile, kinds.const, kinds.restrict, kinds.typeTag].map((kind) => [
      kind,
      ({ name, sizeOrType }: Raw): BtfType => ({ kind: 'alias', name, type: sizeOrType }),
    ]),
  ),
};

const members = ({ view, at, length, text }: Raw): BtfMember[] =>
  Array.from({ length }, (_, index) => {
    const from = at + 12 + 12 * index;
    return {
      name: text(view.getUint32(from, true)),
      type: view.getUint32(from + 4, true),
      // bits 24 and up are the size of a bit field, which no map of ours has
      offsetBits: view.getUint32(from + 8, true) & 0xffffff,
    };
  });

/**
 * All types by number; number 0 is void.
 * @throws Error where the bytes are no BTF of little-endian order, or end too early
 */
export function readBtf(bytes: Uint8Array): readonly BtfType[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 24 || view.getUint16(0, true) !== 0xeb9f) throw new Error('the section is no BTF');
  const headerSize = view.getUint32(4, true);
  const begin = headerSize + view.getUint32(8, true);
  const end = begin + view.getUint32(12, true);
  const strings = headerSize + view.getUint32(16, true);
  if (end > bytes.byteLength || strings > bytes.byteLength) throw new Error('the BTF ends too early');
  const text = (offset: number): string => {
    const from = strings + offset;
    return new TextDecoder().decode(bytes.subarray(from, bytes.indexOf(0, from)));
  };
  const types: BtfType[] = [{ kind: 'other', name: 'void' }];
  for (let at = begin; at < end; ) {
    const info = view.getUint32(at + 4, true);
    const kind = (info >>> 24) & 0x1f;
    const length = info & 0xffff;
    const name = text(view.getUint32(at, true));
    const raw: Raw = { view, at, name, length, sizeOrType: view.getUint32(at + 8, true), text };
    types.push(readers[kind]?.(raw) ?? { kind: 'other', name });
    at += 12 + extraBytes(kind, length);
  }
  return types;
}
