// Which Services stand at a listener of their own, and so need an address or a port of the nodes: docs/adr/0017. And which
// objects are reached at an address of their own with no Service in between.
import type { ObjectRef } from '@sluice/ir';
import {
  ciliumController,
  type EnvoyConfig,
  freeListeners,
  isEnvoyConfig,
  type KnownObject,
  objectRefOf,
  type ReferenceGrant,
  readServiceL7,
  redirectOf,
  servicePrefixesOf,
} from '@sluice/kinds';

/** A Service that is put at a listener. */
export interface ServiceClaim {
  readonly service: ObjectRef;
  /** The object that does so from another namespace: it needs a ReferenceGrant. */
  readonly from?: ObjectRef;
}

/**
 * The Services that an object puts at a listener: a Service itself, by its annotations, and those that a
 * CiliumEnvoyConfig names. Each new way to ask for one is a case here. A Service that does not exist gets nothing.
 */
export function claimedServices(object: KnownObject, controllers: ReadonlySet<string>): ServiceClaim[] {
  if (isEnvoyConfig(object)) return controllers.has(ciliumController) ? redirectedServices(object) : [];
  if (object.kind !== 'Service' || object.spec.type === 'ExternalName') return [];
  const { annotations } = object.metadata;
  return readServiceL7(annotations, servicePrefixesOf(controllers))?.enabled === true
    ? [{ service: objectRefOf(object) }]
    : [];
}

/** The Services whose traffic an object sends to its listeners. */
export function redirectedServices(config: EnvoyConfig): ServiceClaim[] {
  const from = objectRefOf(config);
  const keys = new Set(
    config.spec.services.flatMap((service) => {
      const redirect = redirectOf(config, service);
      return redirect.listener === undefined ? [] : [redirect.service];
    }),
  );
  return [...keys].map((key) => {
    const [namespace = '', name = ''] = key.split('/');
    const service: ObjectRef = { group: '', kind: 'Service', namespace, name };
    return from.namespace === '' || from.namespace === namespace ? { service } : { service, from };
  });
}

/** Whether a claim counts. */
export function mayClaim({ service, from }: ServiceClaim, grants: readonly ReferenceGrant[]): boolean {
  if (from === undefined) return true;
  return grants.some(
    ({ metadata, spec }) =>
      metadata.namespace === service.namespace &&
      spec.from.some(
        (f) => f.group === from.group && f.kind === from.kind && f.namespace === from.namespace,
      ) &&
      spec.to.some(
        (to) => to.group === '' && to.kind === 'Service' && (to.name ?? service.name) === service.name,
      ),
  );
}

/** An object that is reached at an address of its own. */
export interface OwnAddress {
  readonly ref: ObjectRef;
  /** TCP ports that it listens on there. Never empty. */
  readonly ports: readonly number[];
}

/** The object itself, where it has listeners to which no Service leads. */
export function ownAddress(object: KnownObject, controllers: ReadonlySet<string>): OwnAddress | undefined {
  if (!isEnvoyConfig(object) || !controllers.has(ciliumController)) return undefined;
  const ports = [...freeListeners(object).values()];
  return ports.length === 0 ? undefined : { ref: objectRefOf(object), ports };
}
