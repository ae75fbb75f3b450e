// Judges regular expressions before they reach the data plane, which speaks RE2 and would refuse a whole response
// for one bad pattern. What comes in: a pattern; what goes out: undefined, or what is wrong with it.
import { RE2JS, RE2JSException } from 're2js';

/** Instructions of a compiled program. A literal takes one per character; the longest header value has 4,096. */
const maxProgramSize = 5000;

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
