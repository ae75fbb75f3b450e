import { compileXds } from '@sluice/xds-server/core';
import type { World } from '../model/world.ts';
import type { Shown } from './get-shown.ts';

/** The Envoy resources that the IR in force compiles to. Secrets show their name alone. */
export function showXds(world: World, name: string | undefined): Shown {
  const items = [...compileXds(world.ir.values())].flatMap(([typeUrl, resources]) =>
    [...resources]
      .filter(([resource]) => name === undefined || resource === name)
      .map(([resource, { version, json, bytes }]) => ({
        typeUrl,
        name: resource,
        version,
        sizeBytes: bytes.length,
        resource: json,
      })),
  );
  return {
    document: { revision: world.committed ?? null, items },
    head: ['TYPE', 'NAME', 'VERSION', 'BYTES'],
    rows: items.map((item) => [
      item.typeUrl.slice(item.typeUrl.lastIndexOf('.') + 1),
      item.name,
      item.version.slice(0, 12),
      item.sizeBytes === 0 ? '-' : `${item.sizeBytes}`,
    ]),
  };
}
