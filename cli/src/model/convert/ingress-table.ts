// The rules of an Ingress by the hostname that they answer for. In: an Ingress; out: for each hostname in the clear, redirected
// and with TLS the rules in their order, the default backend last. The hostnames are those that the translator attaches
// an Ingress to (placesOf), so that nothing is decided twice.
import type { Ingress, IngressBackend, IngressPath } from '@sluice/kinds';
import { normalPrefix, placesOf, regexFault, tlsHosts } from '@sluice/translator/core';
import { type ConversionNote, type Member, noteOf } from './ingress-group.ts';

/** How a path of an Ingress is matched. */
export interface PathRule {
  readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression';
  readonly value: string;
  readonly backend: IngressBackend;
  /** Where it stands in the Ingress. */
  readonly at: string;
}

/** Rules by hostname; `*` for every host, `*.suffix` for one label before the suffix. */
export type HostTable = ReadonlyMap<string, readonly PathRule[]>;

/** The tables of an Ingress. */
export interface IngressTables {
  /** Served in the clear. */
  readonly clear: HostTable;
  /** Redirected to HTTPS. */
  readonly redirected: HostTable;
  /** Served where TLS is ended. */
  readonly secure: HostTable;
}

const anyHost = '*';

/** Makes the tables of an Ingress that does not pass TLS through. */
export function tablesOf(member: Member, notes: ConversionNote[]): IngressTables {
  const { ingress, settings } = member;
  const rules = rulesByHost(member, notes);
  const { defaultBackend } = ingress.spec;
  const fallback: PathRule | undefined =
    defaultBackend === undefined
      ? undefined
      : { type: 'PathPrefix', value: '/', backend: defaultBackend, at: 'spec.defaultBackend' };
  const hosts = [...new Set([...rules.keys(), ...(fallback === undefined ? [] : [anyHost])])];
  const all = { hosts, tls: tlsHosts(ingress, false), forceHttps: settings.forceHttps };
  const tables = { clear: new Map<string, PathRule[]>(), redirected: new Map(), secure: new Map() };
  for (const host of hosts) {
    const own = rules.get(host) ?? [];
    const list = fallback === undefined || own.some(isEverything) ? own : [...own, fallback];
    if (list.length === 0) continue;
    const places = placesOf(host, all);
    for (const surface of ['clear', 'redirected', 'secure'] as const)
      for (const hostname of places[surface]) tables[surface].set(hostname, list);
  }
  return tables;
}

/** Whether a rule takes every path, so that nothing behind it is reached. */
export function isEverything({ type, value }: PathRule): boolean {
  return type === 'PathPrefix' && value === '/';
}

function rulesByHost(member: Member, notes: ConversionNote[]): Map<string, PathRule[]> {
  const hosts = new Map<string, PathRule[]>();
  member.ingress.spec.rules.forEach(({ host, http }, r) => {
    const list = hosts.get(host || anyHost) ?? [];
    hosts.set(host || anyHost, list);
    http?.paths.forEach((path, p) => {
      const at = `spec.rules[${r}].http.paths[${p}]`;
      const rule = ruleOf(path, at);
      const fault = rule.type === 'RegularExpression' ? regexFault(path.path) : undefined;
      if (fault !== undefined) {
        notes.push(noteOf(member, `${at}.path`, `${fault}; it matches nothing, and is left out`));
        return;
      }
      if (list.some((other) => other.type === rule.type && other.value === rule.value))
        notes.push(noteOf(member, at, 'repeats a path above and is never reached: left out'));
      else list.push(rule);
    });
  });
  return hosts;
}

function ruleOf({ path, pathType, backend }: IngressPath, at: string): PathRule {
  switch (pathType) {
    case 'Exact':
      return { type: 'Exact', value: path, backend, at };
    case 'Prefix':
      return { type: 'PathPrefix', value: normalPrefix(path), backend, at };
    case 'ImplementationSpecific':
      return path === ''
        ? { type: 'PathPrefix', value: '/', backend, at }
        : { type: 'RegularExpression', value: path, backend, at };
  }
}

/** The hosts of an Ingress whose TLS is passed through, each with the backend that takes all of it. */
export function passthroughOf(member: Member, notes: ConversionNote[]): Map<string, IngressBackend> {
  const found = new Map<string, IngressBackend>();
  member.ingress.spec.rules.forEach(({ host, http }, r) => {
    const at = `spec.rules[${r}]`;
    const paths = http?.paths ?? [];
    const chosen = paths.find(({ path }) => path === '/' || path === '') ?? paths[0];
    if (host === '')
      notes.push(noteOf(member, at, 'has no host, which TLS that is passed through is chosen by: left out'));
    if (host === '' || chosen === undefined || found.has(host)) return;
    if (paths.length > 1)
      notes.push(
        noteOf(
          member,
          `${at}.http`,
          `has ${paths.length} paths, and TLS that is passed through shows none: the one of ${chosen.path || '/'} takes all`,
        ),
      );
    found.set(host, chosen.backend);
  });
  return found;
}

/** The TLS of an Ingress, host by host: the Secret, or undefined where none is named. */
export function tlsSecretsOf({ spec }: Ingress): Map<string, { secret: string | undefined; at: string }> {
  const found = new Map<string, { secret: string | undefined; at: string }>();
  spec.tls.forEach(({ hosts, secretName }, t) => {
    for (const host of hosts.length === 0 ? [anyHost] : hosts)
      if (found.get(host)?.secret === undefined)
        found.set(host, { secret: secretName, at: `spec.tls[${t}]` });
  });
  return found;
}
