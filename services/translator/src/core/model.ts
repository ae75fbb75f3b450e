// The whole translation as one graph. What comes in: sources of facts; what goes out: collections of IR resources and
// of statuses. The order here is the order of evaluation.
import type { Revision } from '@sluice/events';
import { type Collection, Graph, type Source } from '@sluice/incremental';
import {
  httpRouteKey,
  type IrGateway,
  type IrId,
  type IrL4Route,
  type IrListener,
  type IrResource,
  irId,
  l4RouteKey,
  type ObjectRef,
} from '@sluice/ir';
import { ingressGroup, servicePrefixesOf } from '@sluice/kinds';
import { type AttachmentTables, attachmentTables } from './attachment-table.ts';
import { backendTlsTables, policyForPort } from './backend-tls.ts';
import { backendTlsStatuses } from './backend-tls-status.ts';
import type { DatapathView } from './datapath-view.ts';
import { endpointGroups } from './endpoint-group.ts';
import { envoyConfigPart, envoyConfigRevisions } from './envoy-config/part.ts';
import { envoyConfigStatuses } from './envoy-config/status.ts';
import type { EnvoyView } from './envoy-view.ts';
import { gatewayModels } from './gateway.ts';
import { classStatuses, ownClasses } from './gateway-class.ts';
import { irCertificates, irGateways, irListeners } from './gateway-ir.ts';
import { gatewayPlans } from './gateway-plan.ts';
import { gatewayStatuses } from './gateway-status.ts';
import { permissionsOf } from './grants.ts';
import { hostPorts } from './host-port.ts';
import { httpParts } from './http-part.ts';
import { ingressPart } from './ingress/ingress-part.ts';
import { type Inputs, makeInputs } from './inputs.ts';
import type { L4Needs } from './l4-backend.ts';
import { type L4Part, l4Part, l4Statuses, l4Uses } from './l4-route.ts';
import { l4Services } from './l4-service.ts';
import { l7Services } from './l7-service.ts';
import { l7Part, partsOfListener } from './l7-service-ir.ts';
import { l7ServiceStatuses } from './l7-service-status.ts';
import { listenerSetStatuses } from './listener-set-status.ts';
import { namespaceLabels, setsByGateway } from './listener-sets.ts';
import { rejectionTable } from './rejection.ts';
import { routeRef, routeStatuses } from './route-status.ts';
import { serviceInfos, servicePorts } from './service-port.ts';
import type { StatusOutput } from './status.ts';

/** Settings of the translation. */
export interface ModelSettings {
  /** Controllers whose classes are ours. */
  readonly controllerNames: readonly string[];
  /**
   * Report on Gateways of classes that do not exist and on routes of Gateways that do not exist, under the first
   * controller name. For where nobody else could: standalone mode.
   */
  readonly reportOrphans: boolean;
}

/** The graph with its two ends. */
export interface Model {
  readonly graph: Graph;
  readonly inputs: Inputs;
  /** Revision at which a gateway, listener or certificate of the IR, or what is a Service's alone, last changed; by id. */
  readonly revisions: Source<Revision>;
  /** By Gateway. */
  readonly envoyViews: Source<EnvoyView>;
  /** By `<namespace>/<name>` of the Service. */
  readonly datapathViews: Source<DatapathView>;
  /** Revision that Envoys must have acknowledged, by Gateway. */
  readonly wanted: readonly Collection<Revision>[];
  readonly resources: readonly Given<IrResource, IrId>[];
  readonly statuses: readonly Given<StatusOutput, ObjectRef>[];
}

/** A collection that is given out. */
export interface Given<V, Id> {
  readonly collection: Collection<V>;
  /** What the value of a key is known by, where the collection does not keep what it held. */
  readonly idOf?: (key: string) => Id;
}

/** Builds the graph. */
export function buildModel(settings: ModelSettings): Model {
  const graph = new Graph();
  const inputs = makeInputs(graph);
  const revisions = graph.source<Revision>('revisions');
  const envoyViews = graph.source<EnvoyView>('envoy views');
  const datapathViews = graph.source<DatapathView>('datapath views');
  const { classes, gateways, listenerSets, namespaces, certificates, routes, slices } = inputs;
  const orphanController = settings.reportOrphans ? settings.controllerNames[0] : undefined;
  const rejections = rejectionTable(graph, inputs.rejections);
  const permissions = permissionsOf(graph, inputs.grants);
  const services = serviceInfos(graph, inputs.services);
  const ports = servicePorts(graph, inputs.services);
  const backendTls = backendTlsTables(graph, {
    policies: inputs.backendTlsPolicies,
    configMaps: inputs.configMaps,
  });
  const policed = graph.map(ports, 'policed ports', (port, _key, fetch) =>
    policyForPort(port, backendTls, fetch) === undefined ? undefined : (true as const),
  );
  const own = ownClasses(graph, { classes, controllerNames: new Set(settings.controllerNames) });
  const labels = namespaceLabels(graph, namespaces);
  const models = gatewayModels(graph, {
    gateways,
    listenerSets,
    setsByGateway: setsByGateway(graph, listenerSets),
    labels,
    classes,
    ownClasses: own,
    certificates,
    permissions,
    addresses: inputs.addresses,
    orphanController,
  });
  const plans = gatewayPlans(graph, models);
  const irGw = irGateways(graph, plans);
  const irLs = irListeners(graph, plans);
  const tables = attachmentTables(graph, { models, gateways, listenerSets, labels });
  const ingress = ingressPart(graph, {
    ...settings,
    ...{ ingresses: inputs.ingresses, classes: inputs.ingressClasses },
    ...{ services, ports, permissions, policed, certificates, addresses: inputs.addresses },
  });
  const http = httpParts(graph, {
    alsoUsed: [ingress.clusterUses],
    ...{ routes, grpcRoutes: inputs.grpcRoutes },
    ...{ services, ports, permissions, policed, backendTls, tables, orphanController },
  });
  const l4 = l4Parts(graph, { inputs, services, permissions, tables, orphanController });
  const raw = envoyConfigPart(graph, {
    configs: inputs.envoyConfigs,
    ...{ namespaces, services, permissions, certificates, addresses: inputs.addresses },
    controllerNames: settings.controllerNames,
  });
  const prefixes = servicePrefixesOf(new Set(settings.controllerNames));
  const l7 = l7Services(graph, {
    services: inputs.services,
    redirects: raw.winners,
    addresses: inputs.addresses,
    policed,
    prefixes,
  });
  const ofServices = l7Part(graph, l7);
  const datapath = l4Services(graph, { services: inputs.services, l7, prefixes });
  const ofPods = hostPorts(graph, { pods: inputs.pods, services: datapath.claims });
  const uses = [
    ofServices.uses,
    raw.uses,
    ingress.l4Uses,
    ...http.map((part) => part.uses),
    ...l4.map(({ kind, part }) => l4Uses(graph, part, `${kind} uses`)),
    datapath.uses,
  ];
  const irEp = endpointGroups(graph, { slices, services, uses });
  const attached = [...http.map((part) => part.attachedRoutes), ...l4.map(({ part }) => part.attachedRoutes)];
  const statusNeeds = { plans, attachedRoutes: attached, envoys: envoyViews, rejections };
  const wanted = [
    wantedRevisions(graph, { gateways: irGw, listeners: irLs, revisions }),
    wantedRevisions(graph, { ...ofServices, revisions }),
    envoyConfigRevisions(graph, raw.plans, revisions),
    ...ingress.gateways.map((part) => wantedRevisions(graph, { ...part, revisions })),
  ];
  const allListeners = [irLs, ...ingress.gateways.map(({ listeners }) => listeners)];
  const ofIngresses = ingress.statuses({ envoys: envoyViews, rejections });
  return {
    graph,
    inputs,
    revisions,
    envoyViews,
    datapathViews,
    wanted,
    resources: [
      ...http.map(({ ir, parts }) => ({
        collection: ir,
        idOf: (key: string) => irId('http-route', httpRouteKey(parts.kind, key)),
      })),
      ...l4.map(({ part, protocol }) => ({
        collection: part.ir,
        idOf: (key: string) => irId('l4-route', l4RouteKey(protocol, key)),
      })),
      ...[
        irGw,
        irLs,
        irCertificates(graph, { listeners: allListeners, certificates, others: raw.certificateUses }),
        ...http.map(({ clusters }) => clusters),
        irEp,
        ...[ofServices.gateways, ofServices.listeners, ofServices.routes],
        ...[ofServices.l4Routes, ofServices.clusters],
        ...[raw.ir, datapath.ir, ofPods.ir],
        ...ingress.gateways.flatMap((part) => [part.gateways, part.listeners]),
        ...[ingress.routes, ingress.l4Routes],
      ].map((collection) => ({ collection })),
    ],
    statuses: [
      ...http.map(({ parts }) => ({
        collection: routeStatuses(graph, { ...parts, rejections }),
        idOf: routeRefOf(parts.kind),
      })),
      ...l4.map(({ kind, part }) => ({
        collection: l4Statuses(graph, { part, rejections, kind }),
        idOf: routeRefOf(kind),
      })),
      { collection: ofIngresses.ingresses, idOf: ingressRefOf },
      ...[
        classStatuses(graph, { classes, own }),
        gatewayStatuses(graph, statusNeeds),
        listenerSetStatuses(graph, {
          ...statusNeeds,
          listenerSets,
          existing: tables.existing,
          orphanController,
        }),
        backendTlsStatuses(graph, {
          policies: inputs.backendTlsPolicies,
          tables: backendTls,
          routes: http.map(({ ir }) => ir),
          gateways: tables.gateways,
          rejections,
        }),
        l7ServiceStatuses(graph, {
          services: l7,
          ...{ l4: datapath, datapaths: datapathViews },
          envoys: envoyViews,
          rejections,
        }),
        envoyConfigStatuses(graph, { plans: raw.plans, envoys: envoyViews, rejections }),
        ofIngresses.classes,
        ofPods.statuses,
      ].map((collection) => ({ collection })),
    ],
  };
}

function routeRefOf(kind: string): (key: string) => ObjectRef {
  return (key) => {
    const [namespace = '', name = ''] = key.split('/');
    return routeRef(kind, { namespace, name });
  };
}

function ingressRefOf(key: string): ObjectRef {
  return { ...routeRefOf('Ingress')(key), group: ingressGroup };
}

/** TLSRoutes, TCPRoutes and UDPRoutes. */
function l4Parts(
  graph: Graph,
  of: L4Needs & { inputs: Inputs; tables: AttachmentTables; orphanController: string | undefined },
): { kind: string; protocol: IrL4Route['protocol']; part: L4Part }[] {
  const routes = { TLS: of.inputs.tlsRoutes, TCP: of.inputs.tcpRoutes, UDP: of.inputs.udpRoutes } as const;
  return (['TLS', 'TCP', 'UDP'] as const).map((protocol) => ({
    kind: `${protocol}Route`,
    protocol,
    part: l4Part(graph, { ...of, routes: routes[protocol], protocol }),
  }));
}

/** The newest revision among a Gateway, its listeners and their certificates; of a Service, its routes and clusters too. */
function wantedRevisions(
  graph: Graph,
  of: { gateways: Collection<IrGateway>; listeners: Collection<IrListener>; revisions: Collection<Revision> },
): Collection<Revision> {
  return graph.map(of.gateways, 'wanted revisions', (gateway, key, fetch) => {
    const ids = new Set<IrId>([irId('gateway', key)]);
    for (const listenerId of gateway.listeners) {
      ids.add(irId('listener', listenerId));
      if (gateway.source.kind === 'Service') for (const id of partsOfListener(listenerId)) ids.add(id);
      for (const server of fetch(of.listeners, listenerId)?.servers ?? [])
        for (const certificate of server.certificates) ids.add(irId('certificate', certificate));
    }
    let newest: Revision = { epoch: 0, seq: 0 };
    for (const id of ids) {
      const revision = fetch(of.revisions, id);
      if (revision === undefined) continue;
      if (revision.epoch > newest.epoch || (revision.epoch === newest.epoch && revision.seq > newest.seq))
        newest = revision;
    }
    return newest;
  });
}
