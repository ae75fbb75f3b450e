// A section of an ELF object of 64 bits, little-endian (System V ABI, "Object Files"): all that is read of one.

/** Offsets of the fields read: of the file header, then of a section header. */
const header = {
  ident: 0x7f454c46,
  class64: 2,
  littleEndian: 1,
  sections: 40,
  entrySize: 58,
  count: 60,
  names: 62,
};
const section = { name: 0, offset: 24, size: 32 };

/**
 * The bytes of the section called `name`, without a copy.
 * @throws Error where `file` is no such object or has no such section
 */
export function elfSection(file: Uint8Array, name: string): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const known =
    file.byteLength >= 64 &&
    view.getUint32(0) === header.ident &&
    file[4] === header.class64 &&
    file[5] === header.littleEndian;
  if (!known) throw new Error('the file is no ELF object of 64 bits, little-endian');
  const table = Number(view.getBigUint64(header.sections, true));
  const size = view.getUint16(header.entrySize, true);
  const count = view.getUint16(header.count, true);
  const within = (at: number): { offset: number; size: number } => ({
    offset: Number(view.getBigUint64(at + section.offset, true)),
    size: Number(view.getBigUint64(at + section.size, true)),
  });
  const names = within(table + size * view.getUint16(header.names, true)).offset;
  const wanted = `${name}\0`;
  for (let index = 0; index < count; index += 1) {
    const at = table + size * index;
    const start = names + view.getUint32(at + section.name, true);
    if (new TextDecoder().decode(file.subarray(start, start + wanted.length)) !== wanted) continue;
    const found = within(at);
    return file.subarray(found.offset, found.offset + found.size);
  }
  throw new Error(`the object has no section ${name}`);
}
