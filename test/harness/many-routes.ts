import { gateway, httpRoute, path, rule } from './objects.ts';

/** How many routes are laid out: each with a hostname of its own, or all on one. */
export type HostLayout = 'own hostnames' | 'one hostname';

/** The Gateway that they are attached to. */
export const manyRoutesGateway = gateway('edge');

/** Host and path of a route. */
export function placeOf(layout: HostLayout, index: number): { readonly host: string; readonly path: string } {
  const name = nameOf(index);
  return layout === 'own hostnames'
    ? { host: `${name}.example`, path: '/' }
    : { host: 'all.example', path: `/${name}` };
}

/** Route `index` to Service `echo`, which answers with `version` in the header `x-version`. */
export function oneOfMany(layout: HostLayout, index: number, version: string): object {
  return routeOfMany(layout, index, { version, service: 'echo' });
}

/** Route `index` to a Service of one's choice. */
export function routeOfMany(
  layout: HostLayout,
  index: number,
  { version, service }: { readonly version: string; readonly service: string },
): object {
  const { host, path: at } = placeOf(layout, index);
  const filter = {
    type: 'ResponseHeaderModifier',
    responseHeaderModifier: { set: [{ name: 'x-version', value: version }] },
  };
  return httpRoute(nameOf(index), {
    parent: 'edge',
    hostnames: [host],
    rules: [rule(service, { matches: [path('PathPrefix', at)], filters: [filter] })],
  });
}

function nameOf(index: number): string {
  return `r${String(index).padStart(5, '0')}`;
}
