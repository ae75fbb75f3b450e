// Which class an Ingress belongs to, and whether the class is ours. Kubernetes 1.35: IngressSpec.ingressClassName, the
// annotation before it, and the default class.
import { legacyClassAnnotation } from './ingress.ts';
import { defaultClassAnnotation } from './ingress-class.ts';

/** The controllers of IngressClasses that go with these of GatewayClasses: `<domain>/ingress-controller`; Cilium's is `cilium.io/ingress-controller`. */
export function ingressControllersOf(gatewayControllers: Iterable<string>): Set<string> {
  return new Set(
    [...gatewayControllers].map((name) =>
      name === 'io.cilium/gateway-controller'
        ? 'cilium.io/ingress-controller'
        : name.replace(/\/gateway-controller$/, '/ingress-controller'),
    ),
  );
}

interface Annotated {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
}

/** The class that an Ingress names; undefined: the default one is meant. The annotation goes before the field, as with Cilium. */
export function namedIngressClass({
  metadata,
  spec,
}: Annotated & { readonly spec: { readonly ingressClassName?: string } }): string | undefined {
  const { annotations } = metadata;
  return Object.hasOwn(annotations, legacyClassAnnotation)
    ? annotations[legacyClassAnnotation]
    : spec.ingressClassName;
}

/** Whether a class is for Ingresses that name none. */
export function isDefaultClass({ metadata }: Annotated): boolean {
  const { annotations } = metadata;
  return Object.hasOwn(annotations, defaultClassAnnotation) && annotations[defaultClassAnnotation] === 'true';
}

interface Dated {
  readonly metadata: { readonly creationTimestamp: string; readonly name: string };
}

/** Of several default classes the newest, then the first by name, as the API server takes it. */
export function newestClass<T extends Dated>(classes: Iterable<T>): T | undefined {
  let best: T | undefined;
  for (const each of classes) if (best === undefined || precedes(each, best)) best = each;
  return best;
}

function precedes({ metadata: a }: Dated, { metadata: b }: Dated): boolean {
  return a.creationTimestamp === b.creationTimestamp
    ? a.name < b.name
    : a.creationTimestamp > b.creationTimestamp;
}
