// The text of a manifest in JSON → its value: JSON is YAML, and read as JSON it takes a thirtieth of the time.
import type { QuickReading } from './yaml-quick.ts';

/** Of these YAML makes something else, or a fault: other characters and line breaks, escapes by number, keys with a meaning. */
const odd = /[^\n\x20-\x7e\u00a1-\u1fff\u2030-\ud7ff]|\\u|"(?:__proto__|<<)"/;
/** A name with an escape: V8 13.6 may take it for a name with a backslash that it saw in an earlier text. */
const oddName = /\\.(?:[^"\\]|\\.)*" *:/;
/** Numbers that need not be exact, or finite. */
const oddNumber = /[\s[,:][-\d.]+e[-+\d]|\d{16}/i;
/** The end of a key; may match inside of a text, too. */
const keyEnd = /" *:/g;

/** YAML takes no longer keys, UTF-16 code units. */
const maxKeyLength = 1_000;
const maxDepth = 50;

/**
 * Reads a text that is one JSON object and begins with its brace. Undefined for any other text, for one in which a key
 * stands twice, and for what YAML may see otherwise: `readYaml` tells what it is. What is read is what `readYaml` reads: a
 * property test holds them to it.
 */
export function readJsonQuickly(text: string): QuickReading | undefined {
  if (!text.startsWith('{') || odd.test(text) || oddName.test(text) || oddNumber.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  // Of a key that stands twice the value has one: there are fewer keys than ends of keys.
  const ends = text.match(keyEnd)?.length ?? 0;
  return countKeys(value, 0) === ends ? { value, line: 1 } : undefined;
}

/** The keys in a value at any depth; NaN where one is too long, or the value too deep. */
function countKeys(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth > maxDepth) return Number.NaN;
  let count = 0;
  if (Array.isArray(value)) for (const item of value) count += countKeys(item, depth + 1);
  else
    for (const [key, child] of Object.entries(value))
      count += (key.length > maxKeyLength ? Number.NaN : 1) + countKeys(child, depth + 1);
  return count;
}
