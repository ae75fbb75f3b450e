// Data with a line of JSON before them that says what they are.

const newline = 10;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The line and the data in order. */
export function withHead(head: unknown, data: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([encoder.encode(`${JSON.stringify(head)}\n`), ...data]);
}

/** What the line says, and where the data begin; undefined where there is no such line. */
export function splitHead(bytes: Uint8Array): { readonly head: unknown; readonly at: number } | undefined {
  const end = bytes.indexOf(newline);
  if (end < 0) return undefined;
  try {
    return { head: JSON.parse(decoder.decode(bytes.subarray(0, end))), at: end + 1 };
  } catch {
    return undefined;
  }
}
