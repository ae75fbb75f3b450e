// Objects that exist in standalone mode although no file declares them: the two GatewayClasses and IngressClasses, and a Namespace for
// each namespace in use. A file that declares one of them takes its place.
import type { Origin } from '@sluice/events';
import type { ObjectRef } from '@sluice/ir';
import {
  gatewayGroup,
  ingressControllersOf,
  ingressGroup,
  type KnownObject,
  namespaceNameLabel,
} from '@sluice/kinds';
import { DeclaredObject, ReadObject } from './declared-object.ts';

/** Where built-in objects stand. */
export const builtInOrigin: Origin = { file: '', line: 1, column: 1 };

/** GatewayClass name to controller name. */
const classes: Readonly<Record<string, string>> = {
  cilium: 'io.cilium/gateway-controller',
  sluice: 'sluice.dev/gateway-controller',
};

/** References of the objects that always exist. */
export const builtInRefs: readonly ObjectRef[] = [
  ...Object.keys(classes).map((name) => ({ group: gatewayGroup, kind: 'GatewayClass', namespace: '', name })),
  ...Object.keys(classes).map((name) => ({ group: ingressGroup, kind: 'IngressClass', namespace: '', name })),
  { group: '', kind: 'Namespace', namespace: '', name: 'default' },
];

/** The built-in object of a reference; undefined where there is none. `inUse` tells whether a namespace holds objects. */
export function builtIn(ref: ObjectRef, inUse: (namespace: string) => boolean): DeclaredObject | undefined {
  const object = builtInObject(ref, inUse);
  return object === undefined ? undefined : new DeclaredObject(new ReadObject(object), builtInOrigin);
}

function builtInObject(ref: ObjectRef, inUse: (namespace: string) => boolean): KnownObject | undefined {
  const metadata = {
    name: ref.name,
    namespace: '',
    uid: '',
    generation: 0,
    creationTimestamp: '',
    labels: {},
    annotations: {},
  };
  if (ref.group === gatewayGroup && ref.kind === 'GatewayClass') {
    const controllerName = Object.hasOwn(classes, ref.name) ? classes[ref.name] : undefined;
    if (controllerName === undefined) return undefined;
    return {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata,
      spec: { controllerName },
    };
  }
  if (ref.group === ingressGroup && ref.kind === 'IngressClass') {
    const gatewayController = Object.hasOwn(classes, ref.name) ? classes[ref.name] : undefined;
    const [controller] = ingressControllersOf(gatewayController === undefined ? [] : [gatewayController]);
    if (controller === undefined) return undefined;
    return { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata, spec: { controller } };
  }
  if (ref.group === '' && ref.kind === 'Namespace' && (ref.name === 'default' || inUse(ref.name)))
    return { apiVersion: 'v1', kind: 'Namespace', metadata, spec: {} };
  return undefined;
}

/** What the API server adds to an object by itself: the name label of a Namespace. */
export function admitted(object: KnownObject): KnownObject {
  if (object.kind !== 'Namespace') return object;
  const labels = { ...object.metadata.labels, [namespaceNameLabel]: object.metadata.name };
  return { ...object, metadata: { ...object.metadata, labels } };
}
