// Envoy's matchers of text and headers (envoy.type.matcher.v3.StringMatcher, envoy.config.route.v3.HeaderMatcher) against
// values of a request.
import { RE2JS } from 're2js';
import type { JsonObject } from '../json.ts';
import { isTrue, messageIn, numberIn, optionalIn, textIn } from './fields.ts';
import type { Holds } from './raw-explanation.ts';

/** `yes` or `no`. */
export function holds(condition: boolean): Holds {
  return condition ? 'yes' : 'no';
}

/** Whether a whole text is what an RE2 expression says; an expression that cannot be read says nothing. */
export function regexHolds(regex: string, value: string): Holds {
  try {
    return holds(RE2JS.matches(regex, value));
  } catch {
    return 'perhaps';
  }
}

/** Whether a text is what a StringMatcher asks for. */
export function stringHolds(matcher: JsonObject, value: string): Holds {
  const regex = optionalIn(matcher, 'safe_regex');
  if (regex !== undefined) return regexHolds(textIn(regex, 'regex'), value);
  const fold = (text: string): string => (isTrue(matcher, 'ignore_case') ? text.toLowerCase() : text);
  const got = fold(value);
  for (const [field, test] of tests) {
    const wanted = matcher[field];
    if (typeof wanted === 'string') return holds(test(got, fold(wanted)));
  }
  return 'perhaps';
}

const tests: readonly (readonly [string, (value: string, wanted: string) => boolean])[] = [
  ['exact', (value, wanted) => value === wanted],
  ['prefix', (value, wanted) => value.startsWith(wanted)],
  ['suffix', (value, wanted) => value.endsWith(wanted)],
  ['contains', (value, wanted) => value.includes(wanted)],
];

/** A StringMatcher in words. */
export function stringText(matcher: JsonObject): string {
  const regex = optionalIn(matcher, 'safe_regex');
  if (regex !== undefined) return `regex ${textIn(regex, 'regex')}`;
  const found = tests.find(([field]) => typeof matcher[field] === 'string');
  return found === undefined ? 'a matcher of its own' : `${found[0]} ${textIn(matcher, found[0])}`;
}

/** The ways of a HeaderMatcher to name a text beside `string_match`. */
const older: readonly (readonly [string, string])[] = [
  ['exact_match', 'exact'],
  ['prefix_match', 'prefix'],
  ['suffix_match', 'suffix'],
  ['contains_match', 'contains'],
  ['safe_regex_match', 'safe_regex'],
];

function matcherOf(header: JsonObject): JsonObject | undefined {
  const named = optionalIn(header, 'string_match');
  if (named !== undefined) return named;
  const found = older.find(([field]) => header[field] !== undefined);
  return found === undefined ? undefined : { [found[1]]: header[found[0]] ?? '' };
}

/**
 * Whether a header is what a HeaderMatcher asks for: one of its values, and inverted none. As in Envoy, one that is not there
 * holds for nothing but a question whether it is there, inverted matches neither.
 * @param values empty where it is not there
 */
export function headerHolds(header: JsonObject, values: readonly string[]): Holds {
  const range = optionalIn(header, 'range_match');
  const matcher = matcherOf(header);
  const presence = range === undefined && matcher === undefined;
  const wantsPresent = header.present_match !== false;
  const inverted = isTrue(header, 'invert_match');
  const got = values.length === 0 && isTrue(header, 'treat_missing_header_as_empty') ? [''] : values;
  if (got.length === 0) return holds(presence && wantsPresent === inverted);
  const found = presence
    ? [holds(wantsPresent)]
    : got.map((value) => (range === undefined ? stringHolds(matcher ?? {}, value) : inRange(range, value)));
  if (found.includes('perhaps')) return 'perhaps';
  return holds(found.includes('yes') !== inverted);
}

function inRange(range: JsonObject, value: string): Holds {
  if (!/^[+-]?\d+$/.test(value)) return 'no';
  const number = Number(value);
  return holds(number >= numberIn(range, 'start', 0) && number < numberIn(range, 'end', 0));
}

/** A HeaderMatcher in words. */
export function headerText(header: JsonObject): string {
  const name = `header ${textIn(header, 'name')}`;
  const not = isTrue(header, 'invert_match') ? 'not ' : '';
  const matcher = matcherOf(header);
  if (matcher !== undefined) return `${name}: ${not}${stringText(matcher)}`;
  if (header.range_match !== undefined) {
    const range = messageIn(header, 'range_match');
    return `${name}: ${not}from ${numberIn(range, 'start', 0)} to below ${numberIn(range, 'end', 0)}`;
  }
  return (header.present_match !== false) === (not === '') ? name : `no ${name}`;
}
