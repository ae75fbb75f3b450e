// Which paths can an expression match at all? The path segments that every match of an RE2 expression begins with, so
// that it need not stand in the tables of other segments. When in doubt fewer: then it stands in more tables.

/** Characters that stand for themselves, and escaped dots. */
const literalStart = /^\/(?:[A-Za-z0-9_/~-]|\\\.)*/;

/** The leading whole segments; empty where nothing is certain. `/a/[0-9]+` gives `a`, `/a/b` gives `a` and `b`. */
export function leadingSegments(regex: string): string[] {
  const [text = ''] = literalStart.exec(regex) ?? [];
  // An alternative at the top would void the rest; one inside a group is not told apart from it.
  if (text === '' || regex.includes('|')) return [];
  const whole = text.length === regex.length;
  const repeats = /[*+?{]/.test(regex.charAt(text.length));
  const certain = text.replaceAll('\\.', '.');
  const segments = (repeats ? certain.slice(0, -1) : certain).slice(1).split('/');
  // Whatever follows may lengthen the last one.
  return whole ? segments : segments.slice(0, -1);
}
