// The state of a Gateway, or of a Service that stands at a listener of its own.
import type { Origin } from '@sluice/events';
import type { IrListener, ObjectRef } from '@sluice/ir';
import type { Progress } from './route-state.ts';

/** A Gateway, or what stands for one: an Ingress with an address of its own, a class whose Ingresses share one. */
export interface GatewayState {
  readonly ref: ObjectRef;
  readonly origin: Origin;
  readonly progress: Progress;
  /** Why it is not in force, or what part of it is not; the empty string when all is well. */
  readonly message: string;
  readonly addresses: readonly string[];
  /** What Envoy binds for it. */
  readonly listeners: readonly IrListener[];
}
