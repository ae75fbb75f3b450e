// What routes need to know of Gateways and Namespaces, and no more: a certificate, an address or another route that
// changes touches no route. What comes in: models of Gateways, Namespaces; what goes out: tables to attach by.
import type { Collection, Graph } from '@sluice/incremental';
import type { Gateway, ListenerSet } from '@sluice/kinds';
import type { GatewayModel } from './gateway.ts';
import type { AllowedRoutes, ListenerModel } from './listener-model.ts';

/** One listener, as a route sees it. */
export interface ListenerRow {
  /** Unique among the listeners of the Gateway and its sets. */
  readonly id: string;
  readonly name: string;
  /** Of the object that holds it. */
  readonly namespace: string;
  readonly port: number;
  readonly protocol: string;
  readonly hostname: string;
  readonly allowed: AllowedRoutes;
}

/** One Gateway or ListenerSet, as a route sees it. */
export interface ParentTable {
  /** Key of the Gateway. */
  readonly gateway: string;
  readonly controllerName: string;
  /** Why it is not served as a whole; the empty string where it is. */
  readonly pending: string;
  /** Why a ListenerSet is not attached to its Gateway; the empty string where it is. */
  readonly detached: string;
  readonly listeners: readonly ListenerRow[];
}

/** What attaching reads. */
export interface AttachmentTables {
  /** Our Gateways. */
  readonly gateways: Collection<ParentTable>;
  /** ListenerSets that name one of our Gateways. */
  readonly sets: Collection<ParentTable>;
  /** Every Gateway, ours or not. */
  readonly existing: Collection<true>;
  /** Every ListenerSet, ours or not. */
  readonly existingSets: Collection<true>;
  /** Labels of Namespaces by `/<name>`. */
  readonly labels: Collection<Readonly<Record<string, string>>>;
  /** What is added to low ports, by Gateway. */
  readonly lowPortOffsets: Collection<number>;
}

/** Makes the tables. */
export function attachmentTables(
  graph: Graph,
  of: {
    models: Collection<GatewayModel>;
    gateways: Collection<Gateway>;
    listenerSets: Collection<ListenerSet>;
    labels: Collection<Readonly<Record<string, string>>>;
  },
): AttachmentTables {
  return {
    gateways: graph.map(of.models, 'gateway tables', (model) => tableOf(model, '')),
    sets: graph.flatMap(of.models, 'listener set tables', (model) =>
      model.sets.map((set) => [set.key, { ...tableOf(model, set.key), detached: set.notAllowed }] as const),
    ),
    existing: graph.map(of.gateways, 'existing gateways', () => true as const),
    existingSets: graph.map(of.listenerSets, 'existing listener sets', () => true as const),
    labels: of.labels,
    lowPortOffsets: graph.map(of.models, 'low port offsets', (model) => model.lowPortOffset),
  };
}

/** The table of a Gateway's own listeners, or of those of one of its sets. */
function tableOf(model: GatewayModel, set: string): ParentTable {
  return {
    gateway: model.key,
    controllerName: model.controllerName,
    pending:
      model.refusal === undefined ? '' : `Gateway ${model.key} is not accepted: ${model.refusal.message}`,
    detached: '',
    listeners: model.listeners.filter((l) => l.set === set).map(rowOf),
  };
}

function rowOf(listener: ListenerModel): ListenerRow {
  const { id, name, namespace, port, protocol, hostname, allowed } = listener;
  return { id, name, namespace, port, protocol, hostname, allowed };
}
