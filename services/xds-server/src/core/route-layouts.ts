// The layouts of routes by name.
import { plainRouteLayout } from './plain-route-layout.ts';
import type { RouteLayout } from './route-layout.ts';
import { scopedRouteLayout } from './scoped-route-layout.ts';

/** All layouts. `scoped`: a change costs what it costs, whatever stands beside it; `plain`: fewer moving parts in Envoy. */
export const routeLayouts = {
  plain: plainRouteLayout,
  scoped: scopedRouteLayout,
} as const satisfies Record<string, RouteLayout>;
export type RouteLayoutName = keyof typeof routeLayouts;

export const routeLayoutNames = Object.keys(routeLayouts) as readonly RouteLayoutName[];

/** What is used where nothing else is said. */
export const defaultRouteLayout: RouteLayoutName = 'scoped';
