// Worlds for tests of what is read from the log.
import type { LogEvent, NewEvent } from '@sluice/event-log';
import { type AnyEvent, type Condition, encodeEvent, type StreamName } from '@sluice/events';
import type { IrResource, ObjectRef } from '@sluice/ir';
import { type KnownObject, knownObjectSchema } from '@sluice/kinds';
import { World } from './world.ts';

const group = 'gateway.networking.k8s.io';

/** Puts events on streams of a world, each with the next sequence. */
export class WorldBuilder {
  readonly world = new World();
  readonly #also: (stream: StreamName, events: readonly LogEvent[]) => void;
  #seq = 0;

  /** @param also given all that is put on a stream */
  constructor(also: (stream: StreamName, events: readonly LogEvent[]) => void = () => {}) {
    this.#also = also;
  }

  add(stream: StreamName, ...events: readonly AnyEvent[]): this {
    return this.raw(stream, ...events.map((event) => encodeEvent(event)));
  }

  raw(stream: StreamName, ...events: readonly NewEvent[]): this {
    const stored = events.map((event) => this.#stored(event));
    this.world.apply(stream, stored);
    this.#also(stream, stored);
    return this;
  }

  object(manifest: object, line = 1): this {
    const object: KnownObject = knownObjectSchema.parse(manifest);
    return this.add('FACTS', { type: 'ObjectChanged', object, origin: { file: 'a.yaml', line, column: 1 } });
  }

  status(ref: ObjectRef, status: Readonly<Record<string, unknown>>): this {
    return this.add('STATUS', { type: 'StatusChanged', ref, uid: 'u', status: { ...status } });
  }

  resource(resource: IrResource, seq = 1): this {
    return this.add('IR', { type: 'ResourcePut', revision: { epoch: 1, seq }, resource });
  }

  #stored(event: NewEvent): LogEvent {
    this.#seq++;
    return {
      ...event,
      seq: this.#seq,
      timeMs: 0,
      writer: { name: 'test', epoch: 1, counter: this.#seq },
      hash: '',
    };
  }
}

/** Reference to an object of the Gateway API. */
export function gatewayApi(kind: string, name: string, namespace = 'default'): ObjectRef {
  return { group, kind, namespace: kind === 'GatewayClass' ? '' : namespace, name };
}

/** The class `cilium`, and one of another controller. */
export function classes(builder: WorldBuilder): WorldBuilder {
  const gatewayClass = (name: string, controllerName: string) => ({
    apiVersion: `${group}/v1`,
    kind: 'GatewayClass',
    metadata: { name },
    spec: { controllerName },
  });
  return builder
    .object(gatewayClass('cilium', 'io.cilium/gateway-controller'))
    .object(gatewayClass('other', 'example.com/other'));
}

/** A Gateway with one HTTP listener. */
export function gateway(name: string, generation = 1, gatewayClassName = 'cilium'): object {
  return {
    apiVersion: `${group}/v1`,
    kind: 'Gateway',
    metadata: { name, generation },
    spec: { gatewayClassName, listeners: [{ name: 'web', protocol: 'HTTP', port: 80 }] },
  };
}

/** A route of one Gateway. */
export function route(name: string, parent: string, generation = 1): object {
  return {
    apiVersion: `${group}/v1`,
    kind: 'HTTPRoute',
    metadata: { name, generation },
    spec: { parentRefs: [{ name: parent }], rules: [{ backendRefs: [{ name: 'backend', port: 80 }] }] },
  };
}

/** A condition; `generation` 1 where none is given. */
export function condition(
  type: string,
  of: { status?: Condition['status']; reason?: string; message?: string; generation?: number } = {},
): Condition {
  const { status = 'True', reason = type, message = '', generation = 1 } = of;
  return {
    type,
    status,
    reason,
    message,
    observedGeneration: generation,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
}

/** A status of a route by one Gateway. */
export function parentStatus(name: string, conditions: readonly Condition[]): Record<string, unknown> {
  const parentRef = { group, kind: 'Gateway', name };
  return { parents: [{ parentRef, controllerName: 'io.cilium/gateway-controller', conditions }] };
}
