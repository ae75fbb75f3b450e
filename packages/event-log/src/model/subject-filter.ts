/** True for subjects that one of the NATS filters (`*` for one token, a final `>` for one or more) takes in; absent: all. */
export function subjectMatcher(filters: readonly string[] | undefined): (subject: string) => boolean {
  if (filters === undefined) return () => true;
  const split = filters.map((filter) => filter.split('.'));
  return (subject) => {
    const tokens = subject.split('.');
    return split.some((filter) => matches(filter, tokens));
  };
}

function matches(filter: readonly string[], tokens: readonly string[]): boolean {
  for (const [i, part] of filter.entries()) {
    if (part === '>') return i === filter.length - 1 && tokens.length > i;
    if (tokens[i] === undefined || (part !== '*' && part !== tokens[i])) return false;
  }
  return filter.length === tokens.length;
}
