export { type BootstrapOptions, envoyBootstrap } from './bootstrap.ts';
export { type CompiledResource, compileXds, type RevisedResource } from './compile-xds.ts';
export { defaultListenerSettings, type ListenerSettings } from './http-connection-manager.ts';
export { routeId } from './route.ts';
export type { RouteLayout } from './route-layout.ts';
export { defaultRouteLayout, type RouteLayoutName, routeLayouts } from './route-layouts.ts';
export { listenerOfScope } from './scope-key.ts';
export { createScopedRouteLayout } from './scoped-route-layout.ts';
export { kindOfTypeUrl, typeUrls, type XdsKind, xdsKinds } from './type-urls.ts';
