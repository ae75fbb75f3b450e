// Path changes of redirects and rewrites (Gateway API v1.7.0, HTTPPathModifier). Envoy replaces the matched text
// byte by byte, so `/a` → `/` would turn `/a/b` into `//b`, and `/` → `/x` would turn `/b` into `/xb`.
import { create } from '@bufbuild/protobuf';
import {
  type RegexMatchAndSubstitute,
  RegexMatchAndSubstituteSchema,
} from '@sluice/envoy-api/envoy/type/matcher/v3/regex_pb.js';
import type { IrPathMatch, IrPathRewrite } from '@sluice/ir';
import { regexMatcher } from './messages.ts';

/** What Envoy does with the path: replace the matched prefix, or substitute by an expression. */
export type PathChange =
  | { readonly type: 'prefix'; readonly prefixRewrite: string }
  | { readonly type: 'regex'; readonly regexRewrite: RegexMatchAndSubstitute };

/** Replaces the whole path by literal text; the query stays. */
export function fullPathChange(value: string): PathChange {
  return { type: 'regex', regexRewrite: substitute('^/.*$', value.replaceAll('\\', '\\\\')) };
}

/** The change that `rewrite` asks for beside a match. A prefix rewrite beside another kind of match replaces the whole path. */
export function pathChange(rewrite: IrPathRewrite, match: IrPathMatch): PathChange {
  if (rewrite.type === 'full' || match.type !== 'prefix') return fullPathChange(rewrite.value);
  const replacement = rewrite.value.replace(/\/+$/, '');
  if (match.value === '/') return { type: 'prefix', prefixRewrite: `${replacement}/` };
  if (replacement !== '') return { type: 'prefix', prefixRewrite: replacement };
  return { type: 'regex', regexRewrite: substitute(`^${quoteRe2(match.value)}/*`, '/') };
}

function substitute(regex: string, substitution: string): RegexMatchAndSubstitute {
  return create(RegexMatchAndSubstituteSchema, { pattern: regexMatcher(regex), substitution });
}

/** Literal text as an RE2 expression: every ASCII character that is no letter, digit or `_` gets a backslash. */
function quoteRe2(text: string): string {
  return text.replace(/[!-/:-@[-^`{-~ ]/g, '\\$&');
}
