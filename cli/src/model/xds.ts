// The IR as the Envoy resources that the running instance gives out: with its layout of routes.
import {
  type CompiledResource,
  compileXds,
  defaultListenerSettings,
  defaultRouteLayout,
  type RevisedResource,
  routeLayouts,
} from '@sluice/xds-server/core';
import { UserError } from '../standalone/settings.ts';

/** Resources by type URL, then by name; both sorted. */
export type Xds = ReadonlyMap<string, ReadonlyMap<string, CompiledResource>>;

/**
 * Compiles resources. Secrets have no bytes.
 * @param layout name of the layout; undefined: the default of xds-server
 * @throws UserError where there is no such layout
 */
export function compileWith(resources: Iterable<RevisedResource>, layout: string | undefined): Xds {
  const name = layout ?? defaultRouteLayout;
  const found = Object.entries(routeLayouts).find(([known]) => known === name)?.[1];
  if (found === undefined)
    throw new UserError(
      `${name} is no layout of routes`,
      `SLUICE_ROUTE_LAYOUT and --route-layout take ${Object.keys(routeLayouts).join(' or ')}`,
    );
  return compileXds(resources, defaultListenerSettings, found);
}

/** The last part of a type URL, e.g. `Cluster`. */
export function shortType(typeUrl: string): string {
  return typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
}
