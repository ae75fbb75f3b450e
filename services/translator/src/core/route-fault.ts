// What may be wrong with a part of a route.
import type { ReasonOf } from './reasons.ts';

/** Something in a rule that cannot be served. */
export interface RuleFault {
  readonly reason: Extract<ReasonOf<'Route.Accepted', 'False'>, 'UnsupportedValue' | 'IncompatibleFilters'>;
  readonly message: string;
}

/** A reference of a rule that leads nowhere. */
export interface RouteRefFault {
  readonly reason: ReasonOf<'Route.ResolvedRefs', 'False'>;
  readonly message: string;
}
