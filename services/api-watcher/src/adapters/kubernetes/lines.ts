/** A line of a stream; of one that is longer than allowed only its length is known. */
export type Line =
  | { readonly kind: 'line'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-long'; readonly sizeBytes: number };

const newline = 0x0a;

/**
 * Splits a stream of bytes into lines, without their ends; empty lines are left out, and so is a last line without an
 * end, which was cut.
 * @param maxBytes longer lines are passed over in constant memory
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Line> {
  let held: Uint8Array[] = [];
  let sizeBytes = 0;
  const take = (part: Uint8Array): void => {
    sizeBytes += part.length;
    if (sizeBytes <= maxBytes) held.push(part);
    else held = [];
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      take(chunk.subarray(from, end));
      if (sizeBytes > maxBytes) yield { kind: 'too-long', sizeBytes };
      else if (sizeBytes > 0) yield { kind: 'line', bytes: joined(held) };
      held = [];
      sizeBytes = 0;
      from = end + 1;
    }
    if (from < chunk.length) take(chunk.subarray(from));
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
}
