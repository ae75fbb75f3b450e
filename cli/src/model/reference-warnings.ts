// References between the objects of some files that lead nowhere. In: the objects that are well formed; out: one
// warning each. Only kinds of which the files hold at least one are looked for: the rest may live elsewhere.
import type { DeclaredObject } from '@sluice/api-watcher/core';
import type { Fault } from '@sluice/events';
import { caCertificateKey, type KnownObjectOf } from '@sluice/kinds';
import { ingressReferenceWarnings } from './ingress-references.ts';
import { missing, type Tools } from './reference-tools.ts';

type Route = KnownObjectOf<'HTTPRoute' | 'GRPCRoute' | 'TLSRoute' | 'TCPRoute' | 'UDPRoute'>;
type WithListeners = KnownObjectOf<'Gateway' | 'ListenerSet'>;

/** Warnings on missing Services, ports, Gateways, ListenerSets, listeners, IngressClasses, Secrets and ConfigMaps. */
export function referenceWarnings(objects: readonly DeclaredObject[]): Fault[] {
  const index = new Map(objects.map((declared) => [keyOf(declared), declared]));
  const present = new Set(objects.map(({ object }) => object.kind));
  const find = (kind: DeclaredObject['object']['kind'], namespace: string, name: string) =>
    present.has(kind) ? (index.get(`${kind}/${namespace}/${name}`) ?? 'missing') : 'elsewhere';
  return objects.flatMap((declared) => {
    const { object, origin } = declared;
    const warn = (path: string, message: string, hint: string): Fault => ({ origin, path, message, hint });
    const tools = { find, warn };
    if (isRoute(object)) return [...parentWarnings(object, tools), ...backendWarnings(object, tools)];
    if (object.kind === 'Gateway') return secretWarnings(object, tools);
    if (object.kind === 'ListenerSet')
      return [...gatewayWarnings(object, tools), ...secretWarnings(object, tools)];
    if (object.kind === 'Ingress') return ingressReferenceWarnings(object, tools);
    return object.kind === 'BackendTLSPolicy' ? policyWarnings(object, tools) : [];
  });
}

function isRoute(object: DeclaredObject['object']): object is Route {
  return ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'].includes(object.kind);
}

function keyOf({ object }: DeclaredObject): string {
  return `${object.kind}/${object.metadata.namespace}/${object.metadata.name}`;
}

function parentWarnings(route: Route, { find, warn }: Tools): Fault[] {
  return route.spec.parentRefs.flatMap((parent, i) => {
    const namespace = parent.namespace ?? route.metadata.namespace;
    const { kind, name: parentName } = parent;
    const path = `spec.parentRefs[${i}]`;
    if (kind !== 'Gateway' && kind !== 'ListenerSet') return [];
    const found = find(kind, namespace, parentName);
    if (found === 'missing') return [missing({ path, kind, namespace, name: parentName }, { warn })];
    if (found === 'elsewhere' || !hasListeners(found.object) || parent.sectionName === undefined) return [];
    const names = found.object.spec.listeners.map(({ name }) => name);
    if (names.includes(parent.sectionName)) return [];
    return [
      warn(
        `${path}.sectionName`,
        `${kind} ${namespace}/${parentName} has no listener ${parent.sectionName}`,
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
        return [missing({ path, kind: 'Service', namespace, name: backend.name }, { warn })];
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

function hasListeners(object: DeclaredObject['object']): object is WithListeners {
  return object.kind === 'Gateway' || object.kind === 'ListenerSet';
}

function secretWarnings({ metadata, spec }: WithListeners, { find, warn }: Tools): Fault[] {
  return spec.listeners.flatMap((listener, l) =>
    (listener.tls?.certificateRefs ?? []).flatMap((ref, c) => {
      const namespace = ref.namespace ?? metadata.namespace;
      if (ref.kind !== 'Secret' || find('Secret', namespace, ref.name) !== 'missing') return [];
      const path = `spec.listeners[${l}].tls.certificateRefs[${c}]`;
      return [missing({ path, kind: 'Secret', namespace, name: ref.name }, { warn })];
    }),
  );
}

function gatewayWarnings({ metadata, spec }: KnownObjectOf<'ListenerSet'>, { find, warn }: Tools): Fault[] {
  const { kind, name } = spec.parentRef;
  const namespace = spec.parentRef.namespace ?? metadata.namespace;
  const path = 'spec.parentRef';
  if (kind !== 'Gateway') return [];
  const found = find('Gateway', namespace, name);
  if (found === 'missing') return [missing({ path, kind, namespace, name }, { warn })];
  if (found === 'elsewhere' || found.object.kind !== 'Gateway') return [];
  if ((found.object.spec.allowedListeners?.namespaces.from ?? 'None') !== 'None') return [];
  const hint = 'set spec.allowedListeners.namespaces.from of the Gateway to Same, All or Selector';
  return [warn(path, `Gateway ${namespace}/${name} takes no listeners of others`, hint)];
}

function policyWarnings(
  { metadata, spec }: KnownObjectOf<'BackendTLSPolicy'>,
  { find, warn }: Tools,
): Fault[] {
  const { namespace } = metadata;
  const targets = spec.targetRefs.flatMap(({ group, kind, name, sectionName }, i) => {
    const path = `spec.targetRefs[${i}]`;
    if (group !== '' || kind !== 'Service')
      return [warn(path, `${kind} is no kind that a policy works for`, 'name a Service, with group: ""')];
    const found = find('Service', namespace, name);
    if (found === 'missing') return [missing({ path, kind, namespace, name }, { warn })];
    if (found === 'elsewhere' || found.object.kind !== 'Service' || sectionName === undefined) return [];
    const names = found.object.spec.ports.map((port) => port.name);
    if (names.includes(sectionName)) return [];
    const named = names.filter((each) => each !== '');
    const hint =
      named.length === 0 ? 'leave sectionName out, or name the port' : `one of ${named.join(', ')}`;
    return [
      warn(`${path}.sectionName`, `Service ${namespace}/${name} has no port named ${sectionName}`, hint),
    ];
  });
  const authorities = spec.validation.caCertificateRefs.flatMap(({ group, kind, name }, i) => {
    const path = `spec.validation.caCertificateRefs[${i}]`;
    if (group !== '' || kind !== 'ConfigMap')
      return [
        warn(path, `${kind} is no kind that authorities are read from`, 'name a ConfigMap, with group: ""'),
      ];
    const found = find('ConfigMap', namespace, name);
    if (found === 'missing') return [missing({ path, kind, namespace, name }, { warn })];
    if (found === 'elsewhere' || found.object.kind !== 'ConfigMap') return [];
    if (Object.hasOwn(found.object.data, caCertificateKey)) return [];
    const hint = `add the certificates of the authorities, PEM, under data["${caCertificateKey}"]`;
    return [warn(path, `ConfigMap ${namespace}/${name} has no key ${caCertificateKey}`, hint)];
  });
  return [...targets, ...authorities];
}
