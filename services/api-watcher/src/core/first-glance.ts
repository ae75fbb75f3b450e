// What kind of manifest a text is, without reading it: in what order many are read goes by it, and nothing else does.
import type { KnownObject } from '@sluice/kinds';

/** Kinds that refer to others, that nothing refers to, and that there may be many of. */
const referring: ReadonlySet<string> = new Set([
  'HTTPRoute',
  'GRPCRoute',
  'TLSRoute',
  'TCPRoute',
  'UDPRoute',
  'Ingress',
] satisfies KnownObject['kind'][]);

/** The kind of a document: in YAML at the beginning of a line, in JSON the first there is. */
const kindsOfYaml = /^["']?kind["']?[ \t]*:[ \t]*["']?(\w+)/gm;
const kindOfJson = /"kind"[ \t\r\n]*:[ \t\r\n]*"(\w+)/;

/** Whether a kind is one whose objects refer to others, and nothing to them. */
export function refersOnly(kind: string): boolean {
  return referring.has(kind);
}

/** Whether a text seems to hold nothing but objects that refer to others. False where that does not show. */
export function seemsToReferOnly(text: string): boolean {
  const found = /^\s*\{/.test(text)
    ? [kindOfJson.exec(text)?.[1] ?? '']
    : Array.from(text.matchAll(kindsOfYaml), ([, kind = '']) => kind);
  return found.length > 0 && found.every(refersOnly);
}
