// Gateways, Ingresses and policies → the objects that are read because these refer to them (Secrets above all), and no others.
// Gateway API v1.7.0: GatewayTLSConfig, ListenerSet, BackendTLSPolicyValidation, ReferenceGrant.
import type { ObjectRef } from '@sluice/ir';
import {
  ciliumController,
  gatewayGroup,
  isEnvoyConfig,
  objectRefOf,
  type ReferenceGrant,
  type SourceObject,
} from '@sluice/kinds';
import { ourIngresses } from '../ingress-holders.ts';
import { isRecord } from './api-object.ts';

/** Fields that hold such references, wherever they stand in a spec. */
const fields: ReadonlySet<string> = new Set(['certificateRefs', 'caCertificateRefs', 'clientCertificateRef']);

/** What decides which references count. */
export interface World {
  /** Every object that is declared. */
  readonly objects: Iterable<SourceObject>;
  /** Controllers whose Gateways are ours. */
  readonly controllers: ReadonlySet<string>;
}

/**
 * What our Gateways and Ingresses, and what belongs to them, refer to. A reference into another namespace counts only with a
 * ReferenceGrant: what is not granted is not read.
 */
export function referencedObjects({ objects, controllers }: World): ObjectRef[] {
  const all = [...objects];
  const classes = new Set(
    all.flatMap((o) =>
      o.kind === 'GatewayClass' && controllers.has(o.spec.controllerName) ? [o.metadata.name] : [],
    ),
  );
  const gateways = new Set(
    all.flatMap((o) =>
      o.kind === 'Gateway' && classes.has(o.spec.gatewayClassName)
        ? [`${o.metadata.namespace}/${o.metadata.name}`]
        : [],
    ),
  );
  const grants = all.filter((o) => o.kind === 'ReferenceGrant');
  const found = new Map<string, ObjectRef>();
  for (const object of all) {
    if (isEnvoyConfig(object) ? !controllers.has(ciliumController) : !isOurs(object, gateways)) continue;
    for (const ref of refsIn(object)) if (isGranted(object, ref, grants)) found.set(JSON.stringify(ref), ref);
  }
  for (const ref of secretsOfIngresses(all, controllers)) found.set(JSON.stringify(ref), ref);
  return [...found.values()];
}

/** An Ingress names Secrets of its own namespace alone. */
function secretsOfIngresses(all: readonly SourceObject[], controllers: ReadonlySet<string>): ObjectRef[] {
  const objects = {
    ingresses: all.filter((o) => o.kind === 'Ingress'),
    ingressClasses: all.filter((o) => o.kind === 'IngressClass'),
  };
  return ourIngresses(objects, controllers).flatMap(({ ingress: { metadata, spec } }) =>
    spec.tls.flatMap(({ secretName }) =>
      secretName === undefined
        ? []
        : [{ group: '', kind: 'Secret', namespace: metadata.namespace, name: secretName }],
    ),
  );
}

/** Gateways of ours, what is attached to them, and policies, which may speak of any Service. */
function isOurs(object: SourceObject, gateways: ReadonlySet<string>): boolean {
  const { group } = objectRefOf(object);
  if (group !== gatewayGroup || !('spec' in object)) return false;
  const { namespace, name } = object.metadata;
  if (object.kind === 'Gateway') return gateways.has(`${namespace}/${name}`);
  const spec: unknown = object.spec;
  const parent = isRecord(spec) && isRecord(spec.parentRef) ? spec.parentRef : undefined;
  return parent === undefined || gateways.has(`${parent.namespace ?? namespace}/${parent.name}`);
}

function refsIn(object: SourceObject): ObjectRef[] {
  const found: ObjectRef[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    else if (isRecord(value))
      for (const [name, child] of Object.entries(value)) {
        if (sdsField.test(name)) for (const ref of listOf(child)) found.push(...asSecret(ref, object));
        else if (!fields.has(name)) visit(child);
        else for (const ref of listOf(child)) found.push(...asRef(ref, object));
      }
  };
  visit('spec' in object ? object.spec : undefined);
  return found;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** Fields of Envoy's messages that name a Secret, in both ways to write them. */
const sdsField = /(_sds_secret_configs?|SdsSecretConfigs?)$/;

/** `<name>`, or `<namespace>/<name>`. */
function asSecret(value: unknown, { metadata }: SourceObject): ObjectRef[] {
  if (!isRecord(value) || typeof value.name !== 'string') return [];
  const [first = '', second, ...rest] = value.name.split('/');
  if (rest.length > 0) return [];
  const namespace = second === undefined ? metadata.namespace : first;
  const name = second ?? first;
  return namespace === '' || name === '' ? [] : [{ group: '', kind: 'Secret', namespace, name }];
}

function asRef(value: unknown, { metadata }: SourceObject): ObjectRef[] {
  if (!isRecord(value)) return [];
  const { group = '', kind = 'Secret', name, namespace = metadata.namespace } = value;
  if (typeof group !== 'string' || typeof kind !== 'string') return [];
  if (typeof name !== 'string' || typeof namespace !== 'string') return [];
  return [{ group, kind, namespace, name }];
}

function isGranted(from: SourceObject, to: ObjectRef, grants: readonly ReferenceGrant[]): boolean {
  const { group, kind, namespace } = objectRefOf(from);
  if (namespace === to.namespace || namespace === '') return true;
  return grants.some(
    ({ metadata, spec }) =>
      metadata.namespace === to.namespace &&
      spec.from.some((f) => f.group === group && f.kind === kind && f.namespace === namespace) &&
      spec.to.some((t) => t.group === to.group && t.kind === to.kind && (t.name ?? to.name) === to.name),
  );
}
