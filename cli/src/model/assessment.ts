// Is what the manifests ask for in force? In: the folded log and the names of our controllers; out: the state of each
// Gateway and route that is ours, the refused objects and files, and what is still waited for.
// Conditions as Gateway API v1.7.0 defines them.
import { compareRevisions, type Fault, formatRevision } from '@sluice/events';
import { formatObjectRef, type ObjectRef } from '@sluice/ir';
import { objectRefOf } from '@sluice/kinds';
import { recordsOf } from './conditions.ts';
import type { GatewayState } from './gateway-state.ts';
import { listenersOf } from './ingress-assessment.ts';
import { IngressBoard } from './ingress-board.ts';
import { type ObjectFact, objectsOfKind } from './objects.ts';
import { gatewayProgress } from './progress.ts';
import { RouteBoard, type RouteSummary } from './route-board.ts';
import { isRoute, routeKinds, verdictsOf } from './route-state.ts';
import { serviceStates } from './service-state.ts';
import { refKey, type World } from './world.ts';

/** An object or a file that was not taken. */
export interface Refusal {
  /** `<kind>/<namespace>/<name>`, or the path of the file. */
  readonly what: string;
  readonly faults: readonly Fault[];
}

export interface Assessment {
  readonly gateways: readonly GatewayState[];
  /** Services that ask for a balancing of each request. */
  readonly services: readonly GatewayState[];
  readonly routes: RouteSummary;
  readonly refusals: readonly Refusal[];
  /** What is not in force yet, in words. Empty: everything is, save for what is faulty or refused. */
  readonly waitingFor: readonly string[];
}

/** States that are kept up to date. */
export interface Boards {
  readonly routes: RouteBoard;
  readonly ingresses: IngressBoard;
}

/**
 * @param controllerNames whose GatewayClasses are ours.
 * @param boards what is kept up to date where the world changes; its routes are in them alone
 */
export function assess(
  world: World,
  controllerNames: readonly string[],
  boards: Boards = { routes: boardOf(world), ingresses: new IngressBoard() },
): Assessment {
  const own = ourGateways(world, controllerNames).map((fact) => gatewayState(world, fact));
  const gateways = [...own, ...boards.ingresses.states(world, controllerNames)].sort(byName);
  const services = serviceStates(world).sort(byName);
  const routes = boards.routes.summary({
    ours: new Set(own.map(({ ref }) => refKey(ref))),
    all: new Set(objectsOfKind(world, 'Gateway').map(({ object }) => refKey(objectRefOf(object)))),
  });
  const waiting = [...gateways, ...services, ...routes.troubled].filter(
    ({ progress }) => progress === 'waiting',
  );
  return {
    gateways,
    services,
    routes,
    refusals: refusalsOf(world),
    waitingFor: [
      ...waiting.map(({ ref, message }) => `${formatObjectRef(ref)}: ${message}`),
      ...unacknowledged(world),
    ],
  };
}

/** The routes of a world that has them. */
function boardOf(world: World): RouteBoard {
  const board = new RouteBoard();
  for (const kind of routeKinds)
    for (const { object, origin } of objectsOfKind(world, kind))
      board.ask(objectRefOf(object), {
        origin,
        generation: object.metadata.generation,
        parents: object.spec.parentRefs,
      });
  for (const { ref, status } of world.statuses.values())
    if (isRoute(ref)) board.tell(ref, verdictsOf(status));
  return board;
}

function byName(a: { readonly ref: ObjectRef }, b: { readonly ref: ObjectRef }): number {
  return refKey(a.ref) < refKey(b.ref) ? -1 : 1;
}

function ourGateways(world: World, controllerNames: readonly string[]): ObjectFact<'Gateway'>[] {
  const classes = new Set(
    objectsOfKind(world, 'GatewayClass')
      .filter(({ object }) => controllerNames.includes(object.spec.controllerName))
      .map(({ object }) => object.metadata.name),
  );
  return objectsOfKind(world, 'Gateway').filter(({ object }) => classes.has(object.spec.gatewayClassName));
}

function gatewayState(world: World, { object, origin }: ObjectFact<'Gateway'>): GatewayState {
  const ref = objectRefOf(object);
  const status = world.statuses.get(refKey(ref))?.status;
  const addresses = recordsOf(status?.addresses).map((address) => String(address.value));
  return {
    ref,
    origin,
    addresses,
    listeners: listenersOf(world, ref),
    ...gatewayProgress(status, object.metadata.generation),
  };
}

function refusalsOf(world: World): Refusal[] {
  const refused = ['ObjectRefused', 'FileRefused'].flatMap((type) => [...world.facts.group(type).values()]);
  return refused.flatMap((fact) => {
    if (fact.type === 'ObjectRefused') return [{ what: formatObjectRef(fact.ref), faults: fact.faults }];
    return fact.type === 'FileRefused' ? [{ what: fact.file, faults: fact.faults }] : [];
  });
}

/** Envoys that have not acknowledged the newest revision; nothing is waited for while there is no revision. */
function unacknowledged(world: World): string[] {
  const { committed } = world;
  if (committed === undefined) return [];
  const connected = [...world.envoys.values()].filter(({ state }) => state === 'connected');
  if (connected.length === 0) return ['an Envoy to connect'];
  return connected
    .filter(({ acked }) => acked === null || compareRevisions(acked, committed.revision) < 0)
    .map(({ node }) => `Envoy ${node} to acknowledge revision ${formatRevision(committed.revision)}`);
}
