// Ingress as a whole. What comes in: Ingresses, their classes, Services, Secrets; what goes out: gateways, listeners and
// routes of the IR, and statuses. See docs/adr/0016.
import type { FactOf } from '@sluice/events';
import type { Collection, Graph } from '@sluice/incremental';
import type { IrHttpRoute, IrL4Route } from '@sluice/ir';
import { type Ingress, type IngressClass, ingressControllersOf } from '@sluice/kinds';
import type { BackendNeeds } from '../backend.ts';
import type { EnvoyView } from '../envoy-view.ts';
import type { RejectionTable } from '../rejection.ts';
import { clustersOf } from '../route-ir.ts';
import type { StatusOutput } from '../status.ts';
import { type IngressGateways, ingressGateways } from './ingress-gateway.ts';
import { ingressL4Routes, ingressRoutes } from './ingress-ir.ts';
import { ingressClasses, ingressModels } from './ingress-model.ts';
import { ingressRules } from './ingress-rules.ts';
import { ingressClassStatuses, ingressStatuses } from './ingress-status.ts';
import { ingressTls } from './ingress-tls.ts';

interface Needs extends BackendNeeds {
  readonly ingresses: Collection<Ingress>;
  readonly classes: Collection<IngressClass>;
  readonly certificates: Collection<FactOf<'CertificateObserved'>>;
  readonly addresses: Collection<FactOf<'AddressAssigned'>>;
  /** Controllers whose GatewayClasses are ours. */
  readonly controllerNames: readonly string[];
  readonly reportOrphans: boolean;
}

/** What Ingresses come to. */
export interface IngressPart {
  /** Those of dedicated Ingresses, and those of classes whose Ingresses share. */
  readonly gateways: readonly IngressGateways[];
  readonly routes: Collection<IrHttpRoute>;
  readonly l4Routes: Collection<IrL4Route>;
  /** Clusters that are sent to, by key. */
  readonly clusterUses: Collection<number>;
  /** Service ports that connections are passed to. */
  readonly l4Uses: Collection<number>;
  /** Statuses of Ingresses by `<namespace>/<name>`, which are not held, and of their classes. */
  statuses(of: { envoys: Collection<EnvoyView>; rejections: RejectionTable }): {
    readonly ingresses: Collection<StatusOutput>;
    readonly classes: Collection<StatusOutput>;
  };
}

/** Translates them. */
export function ingressPart(graph: Graph, needs: Needs): IngressPart {
  const { ingresses, certificates, addresses } = needs;
  const controllers = ingressControllersOf(needs.controllerNames);
  const classes = ingressClasses(graph, { classes: needs.classes, controllers });
  const models = ingressModels(graph, { ingresses, classes, orphans: needs.reportOrphans });
  const tls = ingressTls(graph, { models, ingresses, certificates });
  const { dedicated, shared } = ingressGateways(graph, { models, ownClasses: classes.own, tls, addresses });
  const rules = ingressRules(graph, { ...needs, models });
  const routes = ingressRoutes(graph, { models, ingresses, rules, addresses });
  const l4Routes = ingressL4Routes(graph, { models, rules });
  return {
    gateways: [dedicated, shared],
    routes,
    l4Routes,
    clusterUses: graph.countBy(routes, 'clusters used by ingresses', (route) =>
      route.rules.flatMap(({ action }) => clustersOf(action)),
    ),
    l4Uses: graph.countBy(l4Routes, 'endpoints used by ingresses', (route) =>
      route.backends.flatMap(({ service }) => (service === null ? [] : [service])),
    ),
    statuses: (of) => ({
      ingresses: ingressStatuses(graph, { ...of, models, ingresses, rules, tls, certificates, addresses }),
      classes: ingressClassStatuses(graph, {
        ...of,
        classes: classes.own,
        holders: shared.holders,
        addresses,
      }),
    }),
  };
}
