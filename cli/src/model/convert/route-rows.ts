// What becomes HTTPRoutes: rows of one Ingress, each with the hostname, the listeners and the rules. Where an Ingress and the
// Gateway API differ, rows say it otherwise. A wildcard of an Ingress is one label, one of the Gateway API any number, and
// the most specific hostname decides alone in both: so rules for a wildcard are held to one label by an expression on the
// Host, and the rules for every host stand under the wildcard too, for hosts with more labels.
import { formatObjectRef } from '@sluice/ir';
import { objectRefOf } from '@sluice/kinds';
import { serversFor } from '@sluice/translator/core';
import { httpListenerName, type TlsListener } from './gateway-of-group.ts';
import { type ConversionNote, type IngressGroup, type Member, noteOf } from './ingress-group.ts';
import { type HostTable, type IngressTables, isEverything, type PathRule } from './ingress-table.ts';

/** Rules under one hostname at one listener. */
export interface RouteRow {
  readonly member: Member;
  readonly action: 'serve' | 'redirect';
  readonly hostname: string;
  /** Expression that the Host must match as well; the empty string: none. */
  readonly host: string;
  readonly listener: string;
  readonly rules: readonly PathRule[];
}

/** An Ingress with its tables. */
export interface TabledMember {
  readonly member: Member;
  readonly tables: IngressTables;
}

/** Rows of all Ingresses of a group, in their order. */
export function rowsOf(
  group: IngressGroup,
  of: {
    readonly members: readonly TabledMember[];
    readonly tls: ReadonlyMap<string, TlsListener>;
    readonly notes: ConversionNote[];
  },
): RouteRow[] {
  const plain = of.members.flatMap((each) => [
    ...(group.httpPort === undefined
      ? []
      : [
          ...rowsAt(each, {
            table: each.tables.clear,
            action: 'serve',
            listenersOf: () => [httpListenerName],
          }),
          ...rowsAt(each, {
            table: each.tables.redirected,
            action: 'redirect',
            listenersOf: () => [httpListenerName],
          }),
        ]),
    ...rowsAt(each, {
      table: each.tables.secure,
      action: 'serve',
      listenersOf: (hostname) => tlsListenersFor(hostname, of.tls),
    }),
  ]);
  return reachable(withWildcards(plain), of.notes);
}

/** The listeners of hosts that may answer for a hostname. */
function tlsListenersFor(hostname: string, tls: ReadonlyMap<string, TlsListener>): string[] {
  return serversFor(hostname).flatMap((host) => {
    const listener = tls.get(host);
    return listener?.secret === undefined ? [] : [listener.name];
  });
}

function rowsAt(
  { member }: TabledMember,
  of: { table: HostTable; action: RouteRow['action']; listenersOf: (hostname: string) => string[] },
): RouteRow[] {
  return [...of.table].flatMap(([hostname, rules]) =>
    of
      .listenersOf(hostname)
      .map((listener) => ({ member, action: of.action, hostname, host: '', listener, rules })),
  );
}

/** Holds wildcards to one label, and lets the rows for every host answer for the rest. */
function withWildcards(rows: readonly RouteRow[]): RouteRow[] {
  const wildcards = new Map<string, Set<string>>();
  for (const { listener, hostname } of rows)
    if (hostname.startsWith('*.'))
      wildcards.set(listener, (wildcards.get(listener) ?? new Set()).add(hostname));
  return rows.flatMap((row) => {
    if (row.hostname.startsWith('*.')) return [{ ...row, host: hostPattern(row.hostname, 'one') }];
    if (row.hostname !== '*') return [row];
    const deeper = [...(wildcards.get(row.listener) ?? [])].sort();
    return [row, ...deeper.map((hostname) => ({ ...row, hostname, host: hostPattern(hostname, 'more') }))];
  });
}

/** What expressions for a Host of more than one label before the suffix of a wildcard begin with. */
export const moreLabels = '(?i)[^.:]+([.][^.:]+)+';
const oneLabel = '(?i)[^.:]+';

/** An expression for a Host of one label, or of more, before the suffix of a wildcard. */
function hostPattern(wildcard: string, labels: 'one' | 'more'): string {
  const suffix = wildcard.slice(1).replaceAll('.', '[.]');
  return `${labels === 'one' ? oneLabel : moreLabels}${suffix}(:[0-9]+)?`;
}

/** Without the rules that a row before has already, and without a default behind a rule that takes every path. */
function reachable(rows: readonly RouteRow[], notes: ConversionNote[]): RouteRow[] {
  const everything = new Set(
    rows.flatMap((row) =>
      row.rules.some((rule) => isEverything(rule) && !isFallback(rule)) ? [placeOf(row)] : [],
    ),
  );
  const seen = new Map<string, Member>();
  return rows.flatMap((row) => {
    const rules = row.rules.filter((rule) => {
      if (isFallback(rule) && everything.has(placeOf(row))) return false;
      const id = `${placeOf(row)}|${rule.type}|${rule.value}`;
      const first = seen.get(id);
      if (first === undefined) seen.set(id, row.member);
      else notes.push(repeated(row, rule, first));
      return first === undefined;
    });
    return rules.length === 0 ? [] : [{ ...row, rules }];
  });
}

function repeated({ member, hostname }: RouteRow, { at }: PathRule, first: Member): ConversionNote {
  const whose = formatObjectRef(objectRefOf(first.ingress));
  return noteOf(member, at, `for ${hostname} that is a path of ${whose}, which goes first: left out there`);
}

function isFallback({ at }: PathRule): boolean {
  return at === 'spec.defaultBackend';
}

function placeOf({ listener, hostname, host }: RouteRow): string {
  return `${listener}|${hostname}|${host}`;
}
