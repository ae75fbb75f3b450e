// The states of all Ingresses, kept up to date: a change costs one change, however many share an address beside it.
import type { GatewayState } from './gateway-state.ts';
import { classStates, ingressState, ownIngressClasses } from './ingress-assessment.ts';
import type { ObjectFact } from './objects.ts';
import type { World } from './world.ts';

export class IngressBoard {
  /** Subjects of Ingresses to look at again. */
  readonly #changed = new Set<string>();
  /** By subject; those without a state have none here. */
  readonly #states = new Map<string, GatewayState>();
  /** The classes that are ours, as they were at the last look; undefined: all are to be looked at. */
  #known: string | undefined;

  /** An Ingress or its status has changed. @param subject of its fact */
  touch(subject: string): void {
    this.#changed.add(subject);
  }

  /** A listener has changed, of whichever Ingress. */
  touchListening(): void {
    for (const subject of this.#states.keys()) this.#changed.add(subject);
  }

  /** All are to be looked at again. */
  forget(): void {
    this.#known = undefined;
  }

  /** The states of what has an address and of what is wrong. */
  states(world: World, controllerNames: readonly string[]): GatewayState[] {
    const classes = ownIngressClasses(world, controllerNames);
    const names = new Set(classes.map(({ object }) => object.metadata.name));
    const known = JSON.stringify([...names].sort());
    const ingresses = world.facts.group('Ingress');
    if (known !== this.#known) {
      this.#states.clear();
      for (const subject of ingresses.keys()) this.#changed.add(subject);
    }
    this.#known = known;
    for (const subject of this.#changed) {
      const fact = ingresses.get(subject) as ObjectFact<'Ingress'> | undefined;
      const state = fact === undefined ? undefined : ingressState(world, fact, names);
      if (state === undefined) this.#states.delete(subject);
      else this.#states.set(subject, state);
    }
    this.#changed.clear();
    return [...classStates(world, classes), ...this.#states.values()];
  }
}
