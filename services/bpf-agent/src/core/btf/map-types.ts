// What the maps of an object hold: the layout of keys and values, from the declarations in its section `.maps` as libbpf reads them.
import type { BtfType } from './btf.ts';
import { readBtf } from './btf.ts';
import { elfSection } from './elf-section.ts';

/** How a value lies in memory; offsets and sizes in bytes. */
export type Layout =
  | { readonly kind: 'int'; readonly size: number; readonly signed: boolean; readonly bigEndian: boolean }
  | { readonly kind: 'bytes'; readonly size: number }
  | {
      readonly kind: 'struct';
      readonly name: string;
      readonly size: number;
      readonly members: readonly LayoutMember[];
    };

export interface LayoutMember {
  /** As C has it. */
  readonly name: string;
  readonly offset: number;
  readonly layout: Layout;
}

/** Key and value; undefined where the map has none, as a ring buffer. The value of a map of maps is that of the inner ones. */
export interface MapTypes {
  readonly key?: Layout;
  readonly value?: Layout;
}

const bigEndianName = /^__be(16|32|64)$/;

/** @throws Error at a type that no key or value of ours has (unions, pointers, bit fields) */
function layoutOf(types: readonly BtfType[], id: number, bigEndian = false): Layout {
  const type = types[id];
  switch (type?.kind) {
    case 'alias':
      return layoutOf(types, type.type, bigEndian || bigEndianName.test(type.name));
    case 'int':
      return { kind: 'int', size: type.size, signed: type.signed, bigEndian };
    case 'enum':
      return { kind: 'int', size: type.size, signed: false, bigEndian: false };
    case 'array': {
      const element = layoutOf(types, type.type);
      if (element.kind !== 'int' || element.size !== 1)
        throw new Error('arrays of other things than bytes have no codec');
      return { kind: 'bytes', size: type.count };
    }
    case 'struct': {
      const members = type.members.map(({ name, type: of, offsetBits }) => {
        if (offsetBits % 8 !== 0) throw new Error(`${type.name}.${name} is a bit field`);
        return { name, offset: offsetBits / 8, layout: layoutOf(types, of) };
      });
      return { kind: 'struct', name: type.name, size: type.size, members };
    }
    default:
      throw new Error(`BTF type ${id} (${type?.kind ?? 'missing'}) has no codec`);
  }
}

/** The type that a member of a declaration points at. */
function pointee(
  types: readonly BtfType[],
  declaration: BtfType | undefined,
  name: string,
): number | undefined {
  if (declaration?.kind !== 'struct') return undefined;
  const found = declaration.members.find((member) => member.name === name);
  const pointer = found === undefined ? undefined : types[found.type];
  return pointer?.kind === 'pointer' ? pointer.type : undefined;
}

/** The declaration of a map's inner maps: `values` is an array of pointers to it. */
function innerOf(types: readonly BtfType[], declaration: BtfType | undefined): BtfType | undefined {
  if (declaration?.kind !== 'struct') return undefined;
  const values = declaration.members.find((member) => member.name === 'values');
  const array = values === undefined ? undefined : types[values.type];
  const pointer = array?.kind === 'array' ? types[array.type] : undefined;
  return pointer?.kind === 'pointer' ? types[pointer.type] : undefined;
}

/**
 * Keys and values of all maps of an object file, by the map's name.
 * @throws Error where the file is no eBPF object with BTF
 */
export function mapTypes(object: Uint8Array): ReadonlyMap<string, MapTypes> {
  const types = readBtf(elfSection(object, '.BTF'));
  const section = types.find((type) => type.kind === 'section' && type.name === '.maps');
  if (section?.kind !== 'section') throw new Error('the object declares no maps');
  const found = new Map<string, MapTypes>();
  for (const id of section.variables) {
    const variable = types[id];
    if (variable?.kind !== 'variable') continue;
    const declaration = types[variable.type];
    const key = pointee(types, declaration, 'key');
    const value = pointee(types, innerOf(types, declaration) ?? declaration, 'value');
    found.set(variable.name, {
      ...(key === undefined ? {} : { key: layoutOf(types, key) }),
      ...(value === undefined ? {} : { value: layoutOf(types, value) }),
    });
  }
  return found;
}

/**
 * The layout of a struct by its name in C, for what is in no map's declaration: records of a ring buffer.
 * @throws Error where the object has no such struct
 */
export function structLayout(object: Uint8Array, name: string): Layout {
  const types = readBtf(elfSection(object, '.BTF'));
  const id = types.findIndex((type) => type.kind === 'struct' && type.name === name);
  if (id < 0) throw new Error(`the object has no struct ${name}`);
  return layoutOf(types, id);
}
