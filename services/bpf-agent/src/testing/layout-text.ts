// Writes src/core/layout/: types and codecs of all keys and values, and of the ring buffer's records, from the BTF of an object.
import type { Layout, LayoutMember, MapTypes } from '../core/btf/map-types.ts';

type StructLayout = Extract<Layout, { kind: 'struct' }>;
type IntLayout = Extract<Layout, { kind: 'int' }>;

const camel = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const pascal = (name: string): string => camel(`_${name}`);
/** Byte order is the codec's business. */
const field = ({ name }: LayoutMember): string => camel(name.replace(/_be$/, ''));
const isReserved = ({ name }: LayoutMember): boolean => name.startsWith('reserved');

/** A struct of one member of bytes is those bytes: `struct lb_address`. */
function bytesOf(layout: Layout): number | undefined {
  if (layout.kind === 'bytes') return layout.size;
  if (layout.kind !== 'struct' || layout.members.length !== 1) return undefined;
  const only = layout.members[0]?.layout;
  return only?.kind === 'bytes' ? only.size : undefined;
}

function intName({ size, bigEndian }: IntLayout): string {
  return `u${8 * size}${bigEndian && size > 1 ? 'be' : ''}`;
}

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function typeOf(layout: Layout): string {
  if (bytesOf(layout) !== undefined) return 'Uint8Array';
  if (layout.kind === 'int') return layout.size === 8 ? 'bigint' : 'number';
  return layout.kind === 'struct' ? pascal(layout.name) : 'never';
}

const place = (offset: number): string => (offset === 0 ? 'at' : `at + ${offset}`);

function readText({ layout, offset }: LayoutMember): string {
  const size = bytesOf(layout);
  if (size !== undefined) return `from.bytes(${place(offset)}, ${size})`;
  if (layout.kind === 'int') return `from.${intName(layout)}(${place(offset)})`;
  return layout.kind === 'struct' ? `${camel(layout.name)}.read(from, ${place(offset)})` : '';
}

function writeText(member: LayoutMember): string {
  const { layout, offset } = member;
  const value = `value.${field(member)}`;
  const size = bytesOf(layout);
  if (size !== undefined) return `to.setBytes(${place(offset)}, ${size}, ${value})`;
  if (layout.kind === 'int') return `to.set${upperFirst(intName(layout))}(${place(offset)}, ${value})`;
  return layout.kind === 'struct' ? `${camel(layout.name)}.write(to, ${place(offset)}, ${value})` : '';
}

function structText({ name, size, members }: StructLayout): string {
  const used = members.filter((member) => !isReserved(member));
  return [
    `/** \`struct ${name}\`, ${size} bytes. */`,
    `export interface ${pascal(name)} {`,
    ...used.map((member) => `  readonly ${field(member)}: ${typeOf(member.layout)};`),
    '}',
    `export const ${camel(name)}: StructCodec<${pascal(name)}> = {`,
    `  size: ${size},`,
    '  read: (from, at) => ({',
    ...used.map((member) => `    ${field(member)}: ${readText(member)},`),
    '  }),',
    '  write: (to, at, value) => {',
    ...used.map((member) => `    ${writeText(member)};`),
    '  },',
    '};',
  ].join('\n');
}

/** Structs with those they hold before them, each once. */
function collect(layout: Layout | undefined, into: Map<string, StructLayout>): void {
  if (layout?.kind !== 'struct' || bytesOf(layout) !== undefined) return;
  for (const member of layout.members) collect(member.layout, into);
  into.set(layout.name, layout);
}

function codecName(layout: Layout): string {
  if (bytesOf(layout) === 16) return 'address';
  if (layout.kind === 'struct') return camel(layout.name);
  return layout.kind === 'int' ? intName(layout) : 'never';
}

const head = [
  '// Written by layout.golden.test.ts from the BTF of bpf/lb_structs.h; UPDATE_GOLDEN=1 writes it anew. Members have their names of C',
  '// in camel case; `_be` ones are plain numbers, addresses 16 bytes, and reserved ones are zeros that are not shown.',
];

/** @param known structs that another file has: what of them is needed is imported */
function structsText(structs: ReadonlyMap<string, StructLayout>, known = new Set<string>()): string {
  const needed = [...structs.values()]
    .flatMap(({ members }) => members.map(({ layout }) => (layout.kind === 'struct' ? layout.name : '')))
    .filter((name) => known.has(name));
  const names = [...new Set(needed)].flatMap((name) => [`type ${pascal(name)}`, camel(name)]);
  return `${[
    ...head,
    "import type { StructCodec } from '../struct-codec.ts';",
    ...(names.length > 0 ? [`import { ${names.join(', ')} } from './keys.ts';`] : []),
    '',
    [...structs.values()].map(structText).join('\n\n'),
  ].join('\n')}\n`;
}

const importLine = (names: readonly string[], from: string): string =>
  `import { ${[...names].sort().join(', ')} } from '${from}';`;

function tableText(maps: ReadonlyMap<string, MapTypes>, structs: Structs): string {
  const table = [...maps].flatMap(([name, { key, value }]) =>
    key === undefined || value === undefined
      ? []
      : [`  ${name}: { key: ${codecName(key)}, value: ${codecName(value)} },`],
  );
  const used = (names: Iterable<string>) =>
    [...names].map(camel).filter((name) => table.some((line) => new RegExp(`: ${name}[ ,]`).test(line)));
  return `${[
    ...head,
    importLine(used(['address', 'u8', 'u32', 'u64']), '../struct-codec.ts'),
    importLine(used(structs.keys.keys()), './keys.ts'),
    importLine(used(structs.values.keys()), './values.ts'),
    '',
    '/** Codecs of keys and values, by map; a ring buffer has none. Of a per-CPU map: the value of one CPU. */',
    'export const mapCodecs = {',
    ...table,
    '} as const;',
  ].join('\n')}\n`;
}

/** By the struct's name. */
interface Structs {
  readonly keys: ReadonlyMap<string, StructLayout>;
  readonly values: ReadonlyMap<string, StructLayout>;
}

/**
 * The texts by file name, all but formatted.
 * @param records structs that are in no map's declaration
 */
export function layoutTexts(
  maps: ReadonlyMap<string, MapTypes>,
  records: readonly Layout[],
): Readonly<Record<'keys' | 'values' | 'maps', string>> {
  const structs = { keys: new Map<string, StructLayout>(), values: new Map<string, StructLayout>() };
  for (const { key, value } of maps.values()) {
    collect(key, structs.keys);
    collect(value, structs.values);
  }
  for (const record of records) collect(record, structs.values);
  for (const name of structs.keys.keys()) structs.values.delete(name);
  return {
    keys: structsText(structs.keys),
    values: structsText(structs.values, new Set(structs.keys.keys())),
    maps: tableText(maps, structs),
  };
}
