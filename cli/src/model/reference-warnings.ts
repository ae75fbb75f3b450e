// References between the objects of some files that lead nowhere. In: the objects that are well formed; out: one
// warning each. Only kinds of which the files hold at least one are looked for: the rest may live elsewhere.
import type { DeclaredObject } from '@sluice/api-watcher/core';
import type { Fault } from '@sluice/events';
import type { KnownObjectOf } from '@sluice/kinds';

type Route = KnownObjectOf<'HTTPRoute' | 'GRPCRoute' | 'TLSRoute' | 'TCPRoute' | 'UDPRoute'>;
type Gateway = KnownObjectOf<'Gateway'>;

/** Warnings on missing Services, ports, Gateways, listeners and Secrets. */
export function referenceWarnings(objects: readonly DeclaredObject[]): Fault[] {
  const index = new Map(objects.map((declared) => [keyOf(declared), declared]));
  const present = new Set(objects.map(({ object }) => object.kind));
  const find = (kind: DeclaredObject['object']['kind'], namespace: string, name: string) =>
    present.has(kind) ? (index.get(`${kind}/${namespace}/${name}`) ?? 'missing') : 'elsewhere';
  return objects.flatMap((declared) => {
    const { object, origin } = declared;
    const warn = (path: string, message: string, hint: string): Fault => ({ origin, path, message, hint });
    if (isRoute(object))
      return [...parentWarnings(object, { find, warn }), ...backendWarnings(object, { find, warn })];
    return object.kind === 'Gateway' ? secretWarnings(object, { find, warn }) : [];
  });
}

function isRoute(object: DeclaredObject['object']): object is Route {
  return ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'].includes(object.kind);
}

interface Tools {
  readonly find: (
    kind: DeclaredObject['object']['kind'],
    namespace: string,
    name: string,
  ) => DeclaredObject | 'missing' | 'elsewhere';
  readonly warn: (path: string, message: string, hint: string) => Fault;
}

function keyOf({ object }: DeclaredObject): string {
  return `${object.kind}/${object.metadata.namespace}/${object.metadata.name}`;
}

function parentWarnings(route: Route, { find, warn }: Tools): Fault[] {
  return route.spec.parentRefs.flatMap((parent, i) => {
    const namespace = parent.namespace ?? route.metadata.namespace;
    const found = parent.kind === 'Gateway' ? find('Gateway', namespace, parent.name) : 'elsewhere';
    const path = `spec.parentRefs[${i}]`;
    if (found === 'missing')
      return [
        warn(
          path,
          `there is no Gateway ${namespace}/${parent.name} in these files`,
          'name one of them, or add it',
        ),
      ];
    if (found === 'elsewhere' || found.object.kind !== 'Gateway' || parent.sectionName === undefined)
      return [];
    const names = found.object.spec.listeners.map(({ name }) => name);
    if (names.includes(parent.sectionName)) return [];
    return [
      warn(
        `${path}.sectionName`,
        `Gateway ${namespace}/${parent.name} has no listener ${parent.sectionName}`,
        `one of ${names.join(', ')}`,
      ),
    ];
  });
}

function backendWarnings(route: Route, { find, warn }: Tools): Fault[] {
  return route.spec.rules.flatMap((rule, r) =>
    rule.backendRefs.flatMap((backend, b) => {
      const namespace = backend.namespace ?? route.metadata.namespace;
      const found = backend.kind === 'Service' ? find('Service', namespace, backend.name) : 'elsewhere';
      const path = `spec.rules[${r}].backendRefs[${b}]`;
      if (found === 'missing')
        return [
          warn(
            path,
            `there is no Service ${namespace}/${backend.name} in these files`,
            'name one of them, or add it',
          ),
        ];
      if (found === 'elsewhere' || found.object.kind !== 'Service') return [];
      const ports = found.object.spec.ports.map(({ port }) => port);
      if (backend.port === undefined || ports.includes(backend.port)) return [];
      return [
        warn(
          `${path}.port`,
          `Service ${namespace}/${backend.name} has no port ${backend.port}`,
          `one of ${ports.join(', ')}`,
        ),
      ];
    }),
  );
}

function secretWarnings(gateway: Gateway, { find, warn }: Tools): Fault[] {
  return gateway.spec.listeners.flatMap((listener, l) =>
    (listener.tls?.certificateRefs ?? []).flatMap((ref, c) => {
      const namespace = ref.namespace ?? gateway.metadata.namespace;
      if (ref.kind !== 'Secret' || find('Secret', namespace, ref.name) !== 'missing') return [];
      const path = `spec.listeners[${l}].tls.certificateRefs[${c}]`;
      return [
        warn(
          path,
          `there is no Secret ${namespace}/${ref.name} in these files`,
          'name one of them, or add it',
        ),
      ];
    }),
  );
}
