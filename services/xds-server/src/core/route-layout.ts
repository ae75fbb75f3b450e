// The port behind which the layout of routes stands: how routes are cut into xDS resources, and how a connection
// manager finds them. Plain RDS has one table for each listener (HTTP) or server (HTTPS); scoped routes would have one
// for each hostname. Nothing else knows.
import type { HttpConnectionManager } from '@sluice/envoy-api/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import type { IrAttachment, IrListener, IrServer } from '@sluice/ir';
import type { RevisedRoute } from './route.ts';
import type { XdsRef, XdsResource } from './xds-resource.ts';

/** One resource that holds routes, and the listener it belongs to. Its name is unique for its kind. */
export interface RouteUnit extends XdsRef {
  /** Key of the listener. */
  readonly listener: string;
}

/** A layout. All its functions are pure: the same input gives the same units and bytes. */
export interface RouteLayout {
  /** How the connection manager of `server` (of all servers, for HTTP: null) finds its routes. Constant while the listener's servers are. */
  specifier(listener: IrListener, server: IrServer | null): HttpConnectionManager['routeSpecifier'];
  /** The units that exist because the listener does, whatever routes it has; it goes live once they are there. */
  unitsOfListener(listener: IrListener): readonly RouteUnit[];
  /** The units that hold a route by this attachment: the only ones that a change of it can touch. */
  unitsOfAttachment(listener: IrListener, attachment: IrAttachment): readonly RouteUnit[];
  /** Makes a unit from the routes attached to its listener (any order); undefined where it is no longer needed. */
  compile(unit: RouteUnit, listener: IrListener, routes: Iterable<RevisedRoute>): XdsResource | undefined;
}
