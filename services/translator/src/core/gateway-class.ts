// GatewayClasses. What comes in: classes with one of our controller names; what goes out: their status with the
// features that are served. Gateway API v1.7.0 GatewayClassStatus; its feature names are those of its pkg/features.
import type { Collection, Graph } from '@sluice/incremental';
import type { GatewayClass } from '@sluice/kinds';
import { condition } from './conditions.ts';
import type { StatusOutput } from './status.ts';
import { supportedFeatures } from './supported-features.ts';

/** Release of the Gateway API whose meaning is implemented. */
export const gatewayApiVersion = 'v1.7.0';

/** A class of ours. */
export interface OwnClass {
  readonly controllerName: string;
  /** Why Gateways of this class are not served; the empty string where they are. */
  readonly fault: string;
}

/** Our classes by key. */
export function ownClasses(
  graph: Graph,
  of: { classes: Collection<GatewayClass>; controllerNames: ReadonlySet<string> },
): Collection<OwnClass> {
  return graph.map(of.classes, 'own classes', ({ spec }) => {
    if (!of.controllerNames.has(spec.controllerName)) return undefined;
    const ref = spec.parametersRef;
    const fault =
      ref === undefined ? '' : `parametersRef names a ${ref.kind}, and no kind of parameters is supported`;
    return { controllerName: spec.controllerName, fault };
  });
}

/** Statuses of our classes. */
export function classStatuses(
  graph: Graph,
  of: { classes: Collection<GatewayClass>; own: Collection<OwnClass> },
): Collection<StatusOutput> {
  return graph.map(of.classes, 'class statuses', ({ metadata }, key, fetch) => {
    const own = fetch(of.own, key);
    if (own === undefined) return undefined;
    const accepted =
      own.fault === ''
        ? condition('GatewayClass.Accepted', metadata.generation, {
            status: 'True',
            reason: 'Accepted',
            message: `${own.controllerName} serves Gateways of this class`,
          })
        : condition('GatewayClass.Accepted', metadata.generation, {
            status: 'False',
            reason: 'InvalidParameters',
            message: own.fault,
          });
    const version = condition('GatewayClass.SupportedVersion', metadata.generation, {
      status: 'True',
      reason: 'SupportedVersion',
      message: `Gateway API ${gatewayApiVersion}`,
    });
    return {
      ref: { group: 'gateway.networking.k8s.io', kind: 'GatewayClass', namespace: '', name: metadata.name },
      uid: metadata.uid,
      status: {
        conditions: [accepted, version],
        supportedFeatures: supportedFeatures.map((name) => ({ name })),
      },
    };
  });
}
