// A whole CiliumEnvoyConfig: which of its resources can be served, under which names, and what is wrong with the others.
import { type EnvoyConfig, fault, type ObjectFault } from '@sluice/kinds';
import { isObject, type JsonObject } from './json.ts';
import { breachesOf } from './judge.ts';
import { scanForKeys } from './key-scan.ts';
import { type Permission, permissionNames } from './permissions.ts';
import { readResource, type TypedResource } from './read-resource.ts';
import { typePrefix } from './registry.ts';
import { type ResourceKind, resourceTypes } from './resource-types.ts';
import { normalise, type Reference, scopeNames } from './scope.ts';
import { fieldFaults } from './strict.ts';

/** A resource that can be served. */
export interface ReadResource {
  /** Index in `spec.resources`. */
  readonly index: number;
  readonly kind: ResourceKind;
  readonly typeUrl: string;
  /** As written. */
  readonly name: string;
  /** Unique among all objects. */
  readonly scopedName: string;
  /** All names in it are scoped. Field names are those of the protos. */
  readonly message: JsonObject;
  /** Names as written; paths from the object on. */
  readonly references: readonly Reference[];
  /** What has to be there before it, by scoped names (of certificates: by key); sorted, without duplicates. */
  readonly uses: readonly { readonly type: ResourceKind; readonly name: string }[];
  /** `<namespace>/<name>` of the Kubernetes Secrets that it names. */
  readonly certificates: readonly string[];
  /** Of an EDS cluster: `<namespace>/<service>` or `<namespace>/<service>:<port>`, as written. */
  readonly service?: string;
}

/** A resource that is left out. */
export interface SetAside {
  readonly index: number;
  /** `invalid`: it is no message of its type; `banned`: its author may not set this. */
  readonly cause: 'invalid' | 'banned';
  /** Never empty. Paths from the object on. */
  readonly faults: readonly ObjectFault[];
}

/** What an object comes to. */
export interface ConfigReading {
  readonly resources: readonly ReadResource[];
  readonly setAside: readonly SetAside[];
}

/** The annotation by which an operator allows more: of the Namespace, of a CiliumClusterwideEnvoyConfig itself. Names of permissions, separated by commas. */
export const allowAnnotation = 'sluice.io/envoy-config-allow';

/** What an operator lets the author of an object set; `annotations` are those of its Namespace. */
export function allowedFor(
  { kind, metadata }: EnvoyConfig,
  annotations: Readonly<Record<string, string>>,
): ReadonlySet<Permission> {
  const of = kind === 'CiliumEnvoyConfig' ? annotations : metadata.annotations;
  const text = Object.hasOwn(of, allowAnnotation) ? (of[allowAnnotation] ?? '') : '';
  const named = new Set(text.split(',').map((name) => name.trim()));
  return new Set(permissionNames.filter((name) => named.has(name)));
}

/** What stands before all names of an object's resources. Never the beginning of the name of anything else. */
export function scopeOf({ kind, metadata }: EnvoyConfig): string {
  return kind === 'CiliumEnvoyConfig'
    ? `cec:${metadata.namespace}/${metadata.name}`
    : `ccec:${metadata.name}`;
}

/** Reads an object; `allowed` is what an operator lets its author set. Never throws. */
export function readEnvoyConfig(config: EnvoyConfig, allowed: ReadonlySet<Permission>): ConfigReading {
  const setAside: SetAside[] = [];
  const typed = typedResources(config, setAside);
  const named = (kind: ResourceKind): ReadonlySet<string> =>
    new Set([...typed.values()].flatMap((r) => (r.kind === kind ? [r.name] : [])));
  const own = { secrets: named('secret'), endpoints: named('endpoint') };
  const resources: ReadResource[] = [];
  for (const [index, resource] of typed) {
    const steps = ['spec', 'resources', index];
    const message = normalise(resource.desc, resource.message);
    const breaches = breachesOf(resource.desc, message, allowed);
    if (breaches.length > 0)
      setAside.push({ index, cause: 'banned', faults: breaches.map((b) => under(steps, b)) });
    else resources.push(scoped({ config, index, own }, { ...resource, message }));
  }
  return { resources, setAside: setAside.toSorted((a, b) => a.index - b.index) };
}

/** Resources that hold to their types, by index; what does not, and what repeats a name, goes to `setAside`. */
function typedResources(config: EnvoyConfig, setAside: SetAside[]): Map<number, TypedResource> {
  const typed = new Map<number, TypedResource>();
  const first = new Map<string, number>();
  config.spec.resources.forEach((resource, index) => {
    const steps = ['spec', 'resources', index];
    const read = readResource(resource, steps);
    if ('faults' in read) {
      setAside.push({ index, cause: 'invalid', faults: read.faults });
      return;
    }
    const id = `${read.kind} ${read.name}`;
    const before = first.get(id);
    if (before === undefined) {
      first.set(id, index);
      typed.set(index, read);
      return;
    }
    const repeats = fault(
      [...steps, 'name'],
      `is also the name of resources[${before}]`,
      'give each its own',
    );
    setAside.push({ index, cause: 'invalid', faults: [repeats] });
  });
  return typed;
}

function under(steps: readonly (string | number)[], { steps: own, message, hint }: ObjectFault): ObjectFault {
  return fault([...steps, ...own], message, hint);
}

/** Names of the object's own resources that go before those of other objects. */
interface OwnNames {
  readonly secrets: ReadonlySet<string>;
  readonly endpoints: ReadonlySet<string>;
}

function scoped(
  { config, index, own }: { config: EnvoyConfig; index: number; own: OwnNames },
  { desc, kind, name, message }: TypedResource,
): ReadResource {
  const scope = scopeOf(config);
  const certificateOf = (secret: string): string | undefined =>
    own.secrets.has(secret) ? undefined : secretKey(secret, config.metadata.namespace);
  const made = scopeNames(desc, message, { scope, secretName: certificateOf, endpoints: own.endpoints });
  const base = ['spec', 'resources', index];
  const uses = made.references.map((ref) => ({
    type: ref.kind,
    name: (ref.kind === 'secret' ? certificateOf(ref.name) : undefined) ?? `${scope}/${ref.name}`,
  }));
  const service = kind === 'cluster' ? serviceOf(message) : undefined;
  return {
    ...{ index, kind, name },
    typeUrl: `${typePrefix}${resourceTypes[kind]}`,
    scopedName: `${scope}/${name}`,
    message: made.message,
    references: made.references.map((r) => ({ ...r, steps: [...base, ...r.steps] })),
    uses: distinct(uses),
    certificates: [
      ...new Set(made.references.flatMap((r) => (r.kind === 'secret' ? (certificateOf(r.name) ?? []) : []))),
    ],
    ...(service === undefined ? {} : { service }),
  };
}

function distinct(uses: ReadResource['uses']): ReadResource['uses'] {
  const byId = new Map(uses.map((use) => [`${use.type} ${use.name}`, use]));
  return [...byId].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, use]) => use);
}

/** `<namespace>/<name>` of the Kubernetes Secret that a reference means. */
export function secretKey(name: string, namespace: string): string {
  return name.includes('/') ? name : `${namespace}/${name}`;
}

function serviceOf(cluster: JsonObject): string | undefined {
  if (cluster.type !== 'EDS') return undefined;
  const config = cluster.eds_cluster_config;
  const given = isObject(config) ? config.service_name : undefined;
  return typeof given === 'string' && given !== '' ? given : String(cluster.name);
}

/** Faults of the resources by themselves: unknown fields, wrong types, keys. */
export function resourceFaults(config: EnvoyConfig): ObjectFault[] {
  const setAside: SetAside[] = [];
  typedResources(config, setAside);
  return [...setAside.flatMap(({ faults }) => faults), ...keyFaults(config)];
}

/** Key material in an object: such a one must never stand on the log. */
export function keyFaults(config: EnvoyConfig): ObjectFault[] {
  return config.spec.resources.flatMap((resource, i) => scanForKeys(resource, ['spec', 'resources', i]));
}

/**
 * What can be said of resources in an object that does not hold to its schema: `resources` may be one resource instead of a
 * list, without a type. It is judged by the fields that only one type has.
 */
export function looseFaults(value: unknown): ObjectFault[] {
  const spec = isObject(value) ? value.spec : undefined;
  const resources = isObject(spec) ? spec.resources : undefined;
  if (!isObject(resources)) return [];
  return Object.entries(resources).flatMap(([name, child]) =>
    fieldFaults(name, child, ['spec', 'resources', name]),
  );
}
