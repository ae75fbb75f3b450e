// Text of objects, files and data planes on its way to a terminal. A name may hold escape sequences or characters
// that turn the reading order; none of them may reach the terminal as they are.

/** C0, DEL, C1, line and paragraph separators, bidirectional controls, zero-width characters, byte order mark, lone surrogates. */
const unsafe =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** One line of text that is safe to print: every unsafe character becomes `\uXXXX`, tab and line feed `\t` and `\n`. */
export function escapeText(text: string): string {
  return text.replace(unsafe, (char) =>
    char === '\n' ? '\\n' : char === '\t' ? '\\t' : unicodeEscape(char),
  );
}

/** True where `escapeText` would change the text. */
export function isUnsafe(text: string): boolean {
  return text.search(unsafe) >= 0;
}

/** JSON text with unsafe characters written as `\uXXXX`: the same value, and safe to print. Line feeds stay. */
export function escapeJson(text: string): string {
  return text.replace(unsafe, (char) => (char === '\n' ? char : unicodeEscape(char)));
}

/** JSON of a value, two spaces deep by default, safe to print. */
export function toJson(value: unknown, indent = 2): string {
  return escapeJson(JSON.stringify(value, undefined, indent) ?? 'null');
}
