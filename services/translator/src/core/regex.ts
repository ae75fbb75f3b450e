// Judges regular expressions before they reach the data plane, which speaks RE2 and would refuse a whole response
// for one bad pattern. What comes in: a pattern; what goes out: undefined, or what is wrong with it.
import { RE2JS, RE2JSException } from 're2js';

/** Instructions of a compiled program. A literal takes one per character; the longest header value has 4,096. */
const maxProgramSize = 5000;

/**
 * The same for a pattern that is put between others in a group: what is whole alone cannot reach out of a group, save for
 * a quotation that is not closed, which would take in what follows.
 */
export function joinableFault(pattern: string): string | undefined {
  return regexFault(pattern) ?? (endsQuoted(pattern) ? 'holds \\Q without \\E' : undefined);
}

/** Whether a pattern that is RE2 syntax ends inside `\Q`. */
function endsQuoted(pattern: string): boolean {
  let at = 0;
  while (at < pattern.length) {
    if (pattern[at] !== '\\') at += 1;
    else if (pattern[at + 1] !== 'Q') at += 2;
    else {
      const end = pattern.indexOf('\\E', at + 2);
      if (end === -1) return true;
      at = end + 2;
    }
  }
  return false;
}

/** What is wrong with an RE2 pattern, in words; undefined where it can be served. */
export function regexFault(pattern: string): string | undefined {
  try {
    const size = RE2JS.compile(pattern).programSize();
    return size > maxProgramSize ? `compiles to ${size} steps, more than ${maxProgramSize}` : undefined;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return `is not RE2 syntax: ${error.message}`;
  }
}
