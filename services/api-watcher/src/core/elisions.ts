// Lines of a manifest that stand for what somebody left out, as on a slide: `(...)`, `…`, or `...` with an indentation.

const elision = /^[ \t]*(?:\(\s*(?:\.{3}|…)\s*\)|…)[ \t]*\r?$|^[ \t]+(?:- )?\.{3}[ \t]*\r?$/;

/** A text without such lines, and where they stood; undefined where there are none. Lines keep their numbers, from 1. */
export function withoutElisions(
  text: string,
): { readonly text: string; readonly places: readonly { line: number; column: number }[] } | undefined {
  const places: { line: number; column: number }[] = [];
  const kept = text.split('\n').map((line, i) => {
    if (!elision.test(line)) return line;
    places.push({ line: i + 1, column: line.search(/\S/) + 1 });
    return '';
  });
  return places.length === 0 ? undefined : { text: kept.join('\n'), places };
}
