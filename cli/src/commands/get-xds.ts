import type { World } from '../model/world.ts';
import { compileWith, shortType } from '../model/xds.ts';
import type { Shown } from './get-shown.ts';

/**
 * The Envoy resources that the IR in force compiles to. Secrets show their name alone.
 * @param of `layout` of routes; undefined: the default
 */
export function showXds(
  world: World,
  of: { readonly name: string | undefined; readonly layout: string | undefined },
): Shown {
  const { name, layout } = of;
  const items = [...compileWith(world.ir.values(), layout)].flatMap(([typeUrl, resources]) =>
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
      shortType(item.typeUrl),
      item.name,
      item.version.slice(0, 12),
      item.sizeBytes === 0 ? '-' : `${item.sizeBytes}`,
    ]),
  };
}
