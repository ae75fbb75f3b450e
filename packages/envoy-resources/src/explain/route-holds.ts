// Does a RouteMatch of Envoy (envoy.config.route.v3.RouteMatch) hold for a request? Three answers: much of what it can ask
// for, no request shows.
import type { JsonObject } from '../json.ts';
import { isTrue, messageIn, messagesIn, numberIn, optionalIn, textIn } from './fields.ts';
import type { Holds } from './raw-explanation.ts';
import { headerHolds, headerText, holds, regexHolds, stringHolds, stringText } from './string-holds.ts';

/** A request as the routes of a raw listener are compared with it. */
export interface RawRequest {
  readonly method: string;
  /** As sent. */
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  /** Without the query. */
  readonly path: string;
  /** With its `?`; empty where there is none. */
  readonly query: string;
  /** Lower-case name → values, in the order sent. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

/** One thing that a match asks for. */
interface Part {
  readonly text: string;
  readonly holds: Holds;
}

/** What a match asks for, whether it holds, and why not. */
export function routeHolds(
  match: JsonObject,
  request: RawRequest,
): { readonly match: string; readonly holds: Holds; readonly why: string } {
  const parts = [
    ...pathParts(match, request),
    ...messagesIn(match, 'headers').map((header) => headerPart(header, request)),
    ...messagesIn(match, 'query_parameters').map((parameter) => queryPart(parameter, request)),
    ...otherParts(match, request),
  ];
  const failed = parts.filter((part) => part.holds === 'no');
  const open = failed.length > 0 ? failed : parts.filter((part) => part.holds === 'perhaps');
  return {
    match: parts.map(({ text }) => text).join(', '),
    holds: failed.length > 0 ? 'no' : open.length > 0 ? 'perhaps' : 'yes',
    why: open.length === 0 ? '' : whyText(open),
  };
}

function whyText(parts: readonly Part[]): string {
  const [first] = parts;
  const what = parts.map(({ text }) => text).join(', ');
  return first?.holds === 'no' ? `does not hold: ${what}` : `cannot be said: ${what}`;
}

/** All paths are matched by it. */
const pathFields = ['prefix', 'path', 'safe_regex', 'path_separated_prefix'] as const;

function pathParts(match: JsonObject, { path, method }: RawRequest): Part[] {
  const sensitive = match.case_sensitive !== false;
  const fold = (text: string): string => (sensitive ? text : text.toLowerCase());
  const note = sensitive ? '' : ' (in any case)';
  const field = pathFields.find((name) => match[name] !== undefined);
  if (field === undefined) return [];
  if (method === 'CONNECT') return [{ text: `${field} of a CONNECT request`, holds: 'perhaps' }];
  if (field === 'safe_regex') {
    const regex = textIn(messageIn(match, 'safe_regex'), 'regex');
    return [{ text: `path regex ${regex}`, holds: regexHolds(regex, path) }];
  }
  const [wanted, got] = [fold(textIn(match, field)), fold(path)];
  const text = `${field === 'path' ? 'path' : `path ${field === 'prefix' ? 'prefix' : 'segments'}`} ${textIn(match, field)}${note}`;
  if (field === 'path') return [{ text, holds: holds(got === wanted) }];
  const begins = got.startsWith(wanted);
  if (field === 'prefix') return [{ text, holds: holds(begins) }];
  return [{ text, holds: holds(begins && (got.length === wanted.length || got[wanted.length] === '/')) }];
}

/** Headers that Envoy writes itself, in a way that hangs on its settings. */
const written = /^x-(envoy-|forwarded-|request-id$)/;

function headerPart(header: JsonObject, { method, authority, scheme, ...rest }: RawRequest): Part {
  const name = textIn(header, 'name').toLowerCase();
  const own: Readonly<Record<string, string>> = {
    ':method': method,
    ':authority': authority,
    host: authority,
    ':scheme': scheme,
    ':path': `${rest.path}${rest.query}`,
  };
  const text = headerText(header);
  if (written.test(name)) return { text: `${text} (Envoy may write it itself)`, holds: 'perhaps' };
  const fixed = own[name];
  const values = fixed === undefined ? (rest.headers.get(name) ?? []) : [fixed];
  return { text, holds: headerHolds(header, values) };
}

function queryPart(parameter: JsonObject, { query }: RawRequest): Part {
  const name = textIn(parameter, 'name');
  const matcher = optionalIn(parameter, 'string_match');
  const got = queryValue(query, name);
  if (matcher === undefined) {
    const wanted = parameter.present_match !== false;
    return { text: `${wanted ? '' : 'no '}query ${name}`, holds: holds((got !== undefined) === wanted) };
  }
  const found = got === undefined ? 'no' : stringHolds(matcher, got);
  return { text: `query ${name}=${stringText(matcher)}`, holds: found };
}

/** The first value of a parameter, as sent; `a` alone has the empty value. */
function queryValue(query: string, name: string): string | undefined {
  const found = new URLSearchParams([]);
  for (const part of query.slice(1).split('&')) {
    const [key = '', ...value] = part.split('=');
    if (!found.has(key)) found.set(key, value.join('='));
  }
  return found.get(name) ?? undefined;
}

const known: ReadonlySet<string> = new Set([
  ...pathFields,
  ...['case_sensitive', 'headers', 'query_parameters', 'grpc', 'runtime_fraction', 'tls_context'],
  'connect_matcher',
]);

function otherParts(match: JsonObject, { headers, method, scheme }: RawRequest): Part[] {
  const parts: Part[] = [];
  if (match.grpc !== undefined) {
    const type = headers.get('content-type')?.[0] ?? '';
    parts.push({ text: 'a gRPC request', holds: holds(/^application\/grpc(\+|$)/.test(type)) });
  }
  const fraction = optionalIn(match, 'runtime_fraction');
  if (fraction !== undefined) parts.push(fractionPart(messageIn(fraction, 'default_value')));
  const tls = optionalIn(match, 'tls_context');
  if (tls !== undefined) {
    const clear = scheme === 'http' && isTrue(tls, 'presented');
    parts.push({ text: 'a certificate of the client', holds: clear ? 'no' : 'perhaps' });
  }
  if (match.connect_matcher !== undefined)
    parts.push({ text: 'a CONNECT request', holds: method === 'CONNECT' ? 'perhaps' : 'no' });
  for (const field of Object.keys(match))
    if (!known.has(field)) parts.push({ text: `${field}, which no request shows`, holds: 'perhaps' });
  return parts;
}

const denominators: Readonly<Record<string, number>> = { TEN_THOUSAND: 10_000, MILLION: 1_000_000 };

function fractionPart(fraction: JsonObject): Part {
  const share = numberIn(fraction, 'numerator', 0) / (denominators[textIn(fraction, 'denominator')] ?? 100);
  const text = `${share * 100} % of the requests`;
  return { text, holds: share <= 0 ? 'no' : share >= 1 ? 'yes' : 'perhaps' };
}
