// Ingresses (networking.k8s.io/v1) → the equal manifests of the Gateway API v1.7.0, and a note for each thing without an equal, or
// whose equal must be known of. Equal means: the same answer to every request, by Sluice; where other implementations may
// differ (regular expressions, the order of paths, the Host header), a note says so.
import { parseObject } from '@sluice/kinds';
import { annotationNotes } from './annotation-notes.ts';
import { gatewayObjects, listenerPlaces, tlsListeners } from './gateway-of-group.ts';
import { httpRoutes, type RouteContext } from './http-routes.ts';
import {
  type ConversionInput,
  type ConversionNote,
  groupsOf,
  type IngressGroup,
  type Member,
  noteOf,
} from './ingress-group.ts';
import { tablesOf } from './ingress-table.ts';
import { Names } from './names.ts';
import { type RouteRow, rowsOf } from './route-rows.ts';
import { tlsRoutes } from './tls-routes.ts';

/** What the Ingresses of one Gateway become. */
export interface ConvertedGroup {
  readonly group: IngressGroup;
  /** The Gateway and its ListenerSets, then grants, then routes. */
  readonly objects: readonly object[];
  readonly notes: readonly ConversionNote[];
}

/** Converts. Notes that are about no Gateway in particular come with the first group. */
export function convertIngresses(input: ConversionInput): ConvertedGroup[] {
  const { groups, notes } = groupsOf(input);
  const names = new Names();
  return groups.map((group, i) => {
    const context = { group, services: input.services, names, notes: i === 0 ? [...notes] : [] };
    const objects = convertGroup(context);
    return { group, objects, notes: [...distinct(context.notes), ...selfCheck(objects, group)] };
  });
}

function convertGroup(given: Omit<RouteContext, 'places'>): object[] {
  const { group, notes } = given;
  for (const member of group.members) notes.push(...annotationNotes(member));
  const tls = tlsListeners(group, notes);
  const context: RouteContext = { ...given, places: listenerPlaces(group, tls) };
  const members = group.members
    .filter(({ settings }) => !settings.tlsPassthrough)
    .map((member) => ({ member, tables: tablesOf(member, notes) }));
  const rows = rowsOf(group, { members, tls, notes });
  portabilityNotes(rows, notes);
  const passed = group.members.filter(({ settings }) => settings.tlsPassthrough);
  return [
    ...gatewayObjects(group, tls, context.places),
    ...httpRoutes(rows, context),
    ...passed.flatMap((member) => tlsRoutes(member, tls, context)),
  ];
}

/** Once for each Ingress. */
function portabilityNotes(rows: readonly RouteRow[], notes: ConversionNote[]): void {
  const of = new Map<Member, RouteRow[]>();
  for (const row of rows) of.set(row.member, [...(of.get(row.member) ?? []), row]);
  for (const [member, own] of of) {
    if (own.some(({ rules }) => rules.some(({ type }) => type === 'RegularExpression')))
      notes.push(
        noteOf(
          member,
          'spec.rules',
          'has regular expressions: Sluice tries them after exact paths and before prefixes; other implementations may not',
        ),
      );
    if (own.some(({ host }) => host !== ''))
      notes.push(
        noteOf(
          member,
          'spec.rules',
          'has a wildcard host, which is one label: a match on the Host header says so. Remove it to take hosts of more labels as well',
        ),
      );
  }
}

function distinct(notes: readonly ConversionNote[]): ConversionNote[] {
  return [
    ...new Map(notes.map((note) => [JSON.stringify([note.ref, note.path, note.message]), note])).values(),
  ];
}

/** What is made has to hold to the schemas: a limit of the Gateway API may stand in the way. */
function selfCheck(objects: readonly object[], { members }: IngressGroup): ConversionNote[] {
  const [first] = members;
  return objects.flatMap((object) => {
    const parsed = parseObject(object);
    if (parsed.ok || first === undefined) return [];
    const { kind, metadata } = object as { kind: string; metadata: { name: string } };
    return parsed.faults.map(({ path, message, hint }) =>
      noteOf(
        first,
        '',
        `${kind} ${metadata.name} would be refused: ${path} ${message}${hint === '' ? '' : ` (${hint})`}`,
      ),
    );
  });
}
