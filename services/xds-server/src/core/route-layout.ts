// The port behind which the layout of routes stands: how routes are cut into xDS resources, and how a connection
// manager finds them. Plain RDS has one table for each listener (HTTP) or server (HTTPS); scoped routes have one for
// each hostname, and for each first part of a path where a hostname has many. Nothing else knows.
import type { HeaderMutation } from '@sluice/envoy-api/envoy/config/common/mutation_rules/v3/mutation_rules_pb.js';
import type {
  HttpConnectionManager,
  HttpFilter,
} from '@sluice/envoy-api/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import type { IrListener, IrServer } from '@sluice/ir';
import type { Replaced } from './ir-state.ts';
import type { RevisedRoute } from './route.ts';
import type { XdsChange, XdsRef, XdsResource } from './xds-resource.ts';

/** How a connection manager finds the route of a request. Constant while the listener's servers are. */
export interface RouteFinder {
  readonly specifier: HttpConnectionManager['routeSpecifier'];
  /** What is done to the headers of a request before a route is looked for. */
  readonly mutations: readonly HeaderMutation[];
  /** HTTP filters that go before all others. */
  readonly filters: readonly HttpFilter[];
}

/** What tables are made of. */
export interface RouteSource {
  listener(key: string): IrListener | undefined;
  /** The routes attached to a listener, in any order. */
  routesOf(listener: string): Iterable<RevisedRoute>;
}

/** The resources that hold routes, kept as the IR changes. The order of changes never shows in a resource. */
export interface RouteTables {
  /** The source shows a listener as it is after the change. */
  listenerChanged(change: Replaced<IrListener>): void;
  /** The source shows a route as it is after the change. */
  routeChanged(change: Replaced<RevisedRoute>): void;
  /** Makes all again that the changes since the last call can have touched; the owner drops what comes out equal. */
  compile(): readonly XdsChange[];
}

/** A layout. Without state: the same input gives the same bytes. */
export interface RouteLayout {
  /** For the connection manager of `server`; null: of all servers of an HTTP listener. */
  finder(listener: IrListener, server: IrServer | null): RouteFinder;
  /** The resources that there are because the listener is, whatever routes it has: it goes live once they are there. */
  resourcesOf(listener: IrListener): readonly XdsRef[];
  /**
   * The listener that goes ahead of all others to an Envoy that serves nothing yet, so that its routes can come in parts; absent where they
   * come by name.
   */
  readonly forerunner?: () => XdsResource;
  /** Tables for a source that is empty yet. */
  tables(source: RouteSource): RouteTables;
}
