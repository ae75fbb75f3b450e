// What routes need to know of Gateways and Namespaces, and no more: a certificate, an address or another route that
// changes touches no route. What comes in: models of Gateways, Namespaces; what goes out: tables to attach by.
import type { Collection, Graph } from '@sluice/incremental';
import { type Gateway, type Namespace, namespaceNameLabel } from '@sluice/kinds';
import type { AllowedRoutes, GatewayModel } from './gateway.ts';

/** One listener, as a route sees it. */
export interface ListenerRow {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly hostname: string;
  readonly allowed: AllowedRoutes;
}

/** One Gateway, as a route sees it. */
export interface GatewayTable {
  readonly controllerName: string;
  /** Why it is not served as a whole; the empty string where it is. */
  readonly pending: string;
  readonly listeners: readonly ListenerRow[];
}

/** What attaching reads. */
export interface AttachmentTables {
  /** Our Gateways. */
  readonly gateways: Collection<GatewayTable>;
  /** Every Gateway, ours or not. */
  readonly existing: Collection<true>;
  /** Labels of Namespaces by `/<name>`. */
  readonly labels: Collection<Readonly<Record<string, string>>>;
  /** What is added to low ports, by Gateway. */
  readonly lowPortOffsets: Collection<number>;
}

/** Makes the tables. */
export function attachmentTables(
  graph: Graph,
  of: { models: Collection<GatewayModel>; gateways: Collection<Gateway>; namespaces: Collection<Namespace> },
): AttachmentTables {
  return {
    gateways: graph.map(of.models, 'gateway tables', (model) => ({
      controllerName: model.controllerName,
      pending:
        model.refusal === undefined ? '' : `Gateway ${model.key} is not accepted: ${model.refusal.message}`,
      listeners: model.listeners.map(({ name, port, protocol, hostname, allowed }) => ({
        name,
        port,
        protocol,
        hostname,
        allowed,
      })),
    })),
    existing: graph.map(of.gateways, 'existing gateways', () => true as const),
    labels: graph.map(of.namespaces, 'namespace labels', ({ metadata }) => ({
      ...metadata.labels,
      [namespaceNameLabel]: metadata.name,
    })),
    lowPortOffsets: graph.map(of.models, 'low port offsets', (model) => model.lowPortOffset),
  };
}
