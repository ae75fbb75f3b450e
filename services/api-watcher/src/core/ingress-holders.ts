// Which Ingresses have an address of their own, and which classes have one that Ingresses share: docs/adr/0016.
import type { ObjectRef } from '@sluice/ir';
import {
  type Ingress,
  type IngressClass,
  ingressControllersOf,
  ingressHttpsPort,
  isDefaultClass,
  type KnownObject,
  namedIngressClass,
  newestClass,
  objectRefOf,
  readClassMode,
  readIngressSettings,
} from '@sluice/kinds';

/** What gets an address for Ingresses. */
export interface IngressHolder {
  readonly ref: ObjectRef;
  /** TCP ports that it listens on, ascending. */
  readonly ports: readonly number[];
}

/** The Ingresses of our classes, each with its class. */
export function ourIngresses(
  objects: { readonly ingresses: readonly Ingress[]; readonly ingressClasses: readonly IngressClass[] },
  gatewayControllers: Iterable<string>,
): { ingress: Ingress; ingressClass: IngressClass }[] {
  const controllers = ingressControllersOf(gatewayControllers);
  const classes = new Map(objects.ingressClasses.map((each) => [each.metadata.name, each]));
  const byDefault = newestClass(objects.ingressClasses.filter(isDefaultClass))?.metadata.name;
  return objects.ingresses.flatMap((ingress) => {
    const ingressClass = classes.get(namedIngressClass(ingress) ?? byDefault ?? '');
    return ingressClass !== undefined && controllers.has(ingressClass.spec.controller)
      ? [{ ingress, ingressClass }]
      : [];
  });
}

/** The holders of addresses, each once. Ports of TLS are those of a shared gateway whether it has TLS yet or not. */
export function ingressHolders(
  objects: Parameters<typeof ourIngresses>[0],
  gatewayControllers: Iterable<string>,
): IngressHolder[] {
  const shared = new Map<string, IngressHolder>();
  const dedicated: IngressHolder[] = [];
  for (const { ingress, ingressClass } of ourIngresses(objects, gatewayControllers)) {
    const { annotations } = ingressClass.metadata;
    const { mode, ports } = shapeOf(ingress, annotations);
    if (mode === 'dedicated') dedicated.push({ ref: objectRefOf(ingress), ports });
    else
      shared.set(ingressClass.metadata.name, {
        ref: objectRefOf(ingressClass),
        ports: [80, ingressHttpsPort],
      });
  }
  return [...dedicated, ...shared.values()];
}

function shapeOf(ingress: Ingress, classAnnotations: Readonly<Record<string, string>>) {
  const { mode, httpPort, tlsPassthrough } = readIngressSettings(
    ingress.metadata.annotations,
    classAnnotations,
  );
  const ports = [
    ...(tlsPassthrough ? [] : [httpPort]),
    ...(tlsPassthrough || ingress.spec.tls.length > 0 ? [ingressHttpsPort] : []),
  ].sort((a, b) => a - b);
  return { mode, ports };
}

/** What of an object decides who has an address for Ingresses: where it is the same before and after, nobody's changes. */
export function ingressAddressing(object: KnownObject | undefined): unknown {
  switch (object?.kind) {
    case 'IngressClass':
      return [
        object.spec.controller,
        isDefaultClass(object),
        readClassMode(object.metadata.annotations).mode,
      ];
    case 'Ingress':
      return [
        namedIngressClass(object) ?? null,
        shapeOf(object, {}),
        shapeOf(object, { 'sluice.io/loadbalancer-mode': 'shared' }).mode,
      ];
    default:
      return null;
  }
}
