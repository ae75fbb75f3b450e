// Which Services stand at a listener of their own, and so need an address or a port of the nodes: docs/adr/0017.
import type { ObjectRef } from '@sluice/ir';
import { type KnownObject, objectRefOf, readServiceL7, servicePrefixesOf } from '@sluice/kinds';

/**
 * The Services that an object puts at a listener: a Service itself, by its annotations. Each new way to ask for one is a
 * case here. A Service that does not exist gets nothing.
 */
export function claimedServices(object: KnownObject, controllers: ReadonlySet<string>): ObjectRef[] {
  if (object.kind !== 'Service' || object.spec.type === 'ExternalName') return [];
  const { annotations } = object.metadata;
  return readServiceL7(annotations, servicePrefixesOf(controllers))?.enabled === true
    ? [objectRefOf(object)]
    : [];
}
