// Anything that came out of a source → an object that holds to its kind's schema, or all its faults.
import { fault, faultsOf, type ObjectFault } from './fault.ts';
import { findKind, type Kind, kinds } from './kinds.ts';
import { manifestFaults } from './manifest-rules.ts';
import { closest } from './nearest.ts';
import type { SourceObject } from './object.ts';
import { groupOf, type KindObjectRef } from './object-ref.ts';
import { parseWith } from './parse-with.ts';
import { slimPod } from './pod.ts';
import { pruneUnknown } from './prune.ts';
import { loadBalancerStatus } from './service-status.ts';

/** The outcome: `ref` is there as soon as group, kind and name could be read. */
export type ParsedObject =
  | {
      readonly ok: true;
      readonly object: SourceObject;
      /** Paths of fields that were left out because they are not known; empty for a manifest, whose unknown fields are faults. */
      readonly ignored: readonly string[];
    }
  | { readonly ok: false; readonly ref?: KindObjectRef; readonly faults: readonly ObjectFault[] };

/** Fields of ObjectMeta that are the API server's own business. */
const droppedMetadata: ReadonlySet<string> = new Set([
  'resourceVersion',
  'managedFields',
  'ownerReferences',
  'finalizers',
  'selfLink',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generateName',
]);

/** Where an object comes from. */
export type ObjectSource =
  /** Out of a file that somebody wrote: an unknown field is a slip of the pen, and so is what only makes sense as a mistake. */
  | 'manifest'
  /** From an API server, which has judged it by a schema that may be newer than ours: unknown fields are left out. */
  | 'api';

/**
 * Checks one object of any kind and brings it into normal form: preferred version, defaults filled in, `status` (save a
 * load balancer's addresses in an API server, and what of a Pod's says where it is) and the API server's metadata dropped; a null counts as absent, as in
 * Kubernetes. Never throws.
 */
export function parseObject(value: unknown, source: ObjectSource = 'manifest'): ParsedObject {
  if (!isRecord(value))
    return {
      ok: false,
      faults: [fault([], 'must be an object', 'a manifest has apiVersion, kind, metadata and spec')],
    };
  const own = isPod(value) ? slimPod(value) : value;
  const { tooDeep, nulls, oddName } = formOf(own, [], { tooDeep: false, nulls: false });
  if (tooDeep) return { ok: false, faults: [fault([], 'is nested too deeply')] };
  const input = nulls ? (dropNulls(own) as Record<string, unknown>) : { ...own };
  prepare(input, source);
  const header = headerFaults(input);
  if (header.length > 0) return { ok: false, faults: header };
  const [apiVersion, name] = [String(input.apiVersion), String(input.kind)];
  const kind = findKind(groupOf(apiVersion), name);
  const ref = refOf(input, kind);
  const refused = (faults: readonly ObjectFault[]): ParsedObject =>
    ref === undefined ? { ok: false, faults } : { ok: false, ref, faults };
  if (kind === undefined) return refused([unknownKind(apiVersion, name)]);
  if (!versionsOf(kind).includes(apiVersion))
    return refused([fault(['apiVersion'], 'version is not known', `use ${versionsOf(kind)[0]}`)]);
  // V8 13.6 takes such a name for another one that it saw in an earlier text: it cannot be carried on a log of JSON.
  if (oddName !== undefined)
    return refused([
      fault(
        [...oddName],
        'names of fields must not hold quotes, backslashes or control characters',
        'rename it',
      ),
    ]);
  if (source === 'api') return parseFromApi(input, kind, refused);
  const parsed = parseWith(kind.schema, input);
  if (!parsed.success) return refused(faultsOf(kind.schema, parsed.error.issues, input));
  const faults = manifestFaults(parsed.data);
  return faults.length > 0 ? refused(faults) : { ok: true, object: parsed.data, ignored: [] };
}

function parseFromApi(
  input: Readonly<Record<string, unknown>>,
  kind: Kind,
  refused: (faults: readonly ObjectFault[]) => ParsedObject,
): ParsedObject {
  const { parsed, input: pruned, ignored } = pruneUnknown(kind.schema, input);
  if (!parsed.success) return refused(faultsOf(kind.schema, parsed.error.issues, pruned));
  return { ok: true, object: parsed.data, ignored };
}

function versionsOf(kind: Kind): string[] {
  return kind.versions.map((version) => (kind.group === '' ? version : `${kind.group}/${version}`));
}

function headerFaults(input: Readonly<Record<string, unknown>>): ObjectFault[] {
  const faults: ObjectFault[] = [];
  for (const field of ['apiVersion', 'kind'] as const) {
    const value = input[field];
    if (value === undefined) faults.push(fault([field], 'is required', headerHint(field)));
    else if (typeof value !== 'string' || value === '' || value.length > 317)
      faults.push(fault([field], 'must be text', headerHint(field)));
  }
  return faults;
}

function headerHint(field: 'apiVersion' | 'kind'): string {
  return field === 'kind'
    ? `one of ${kinds.map((k) => k.kind).join(', ')}`
    : 'for instance gateway.networking.k8s.io/v1';
}

function unknownKind(apiVersion: string, name: string): ObjectFault {
  const same = kinds.find((k) => k.kind === name);
  if (same !== undefined)
    return fault(['apiVersion'], 'is not the group of this kind', `use ${versionsOf(same)[0]}`);
  const names = kinds.map((k) => k.kind);
  const near = closest(name, names);
  if (near !== undefined) return fault(['kind'], 'unknown kind', `did you mean ${near}?`);
  const group = groupOf(apiVersion);
  return fault(
    ['kind'],
    group === '' ? 'unknown kind' : `unknown kind of group ${safe(group)}`,
    `Sluice reads ${names.join(', ')}`,
  );
}

/** Names come from the user: what is not plain ASCII of a name is not repeated in a message. */
function safe(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]/g, '?').slice(0, 100);
}

function refOf(input: Readonly<Record<string, unknown>>, kind: Kind | undefined): KindObjectRef | undefined {
  const metadata = input.metadata;
  if (!isRecord(metadata) || typeof metadata.name !== 'string' || metadata.name === '') return undefined;
  const given = metadata.namespace;
  const namespace =
    kind?.namespaced === false ? '' : typeof given === 'string' && given !== '' ? given : 'default';
  return {
    group: groupOf(String(input.apiVersion)),
    kind: String(input.kind),
    namespace,
    name: metadata.name,
  };
}

function isPod({ apiVersion, kind }: Readonly<Record<string, unknown>>): boolean {
  return kind === 'Pod' && apiVersion === 'v1';
}

/** Takes out of an object, in place, what is no business of ours. */
function prepare(input: Record<string, unknown>, source: ObjectSource): void {
  const status = source === 'api' && input.kind === 'Service' ? loadBalancerStatus(input.status) : undefined;
  if (status !== undefined) input.status = status;
  else if (!isPod(input)) delete input.status;
  const metadata = input.metadata;
  if (isRecord(metadata) && Object.keys(metadata).some((name) => droppedMetadata.has(name)))
    input.metadata = Object.fromEntries(
      Object.entries(metadata).filter(([name]) => !droppedMetadata.has(name)),
    );
}

/** Levels of an object, at most: far above what any kind needs, far below what the stack holds. */
const maxDepth = 200;

/** What an object looks like before anything is known of it. */
interface Form {
  tooDeep: boolean;
  nulls: boolean;
  /** Where a field stands whose name no JSON shows as it is. */
  oddName?: readonly (string | number)[];
}

/** Names with these are written with escapes in JSON. */
const escaped = /["\\\p{Cc}]/u;

/** Looks at all of a value once, save what the API server notes of who wrote which field: names in it are texts of JSON. */
function formOf(value: unknown, path: (string | number)[], form: Form): Form {
  if (path.length > maxDepth) form.tooDeep = true;
  if (value === null) form.nulls = true;
  if (typeof value !== 'object' || value === null || form.tooDeep) return form;
  const enter = (step: string | number, child: unknown): void => {
    if (typeof child !== 'object') return;
    path.push(step);
    formOf(child, path, form);
    path.pop();
  };
  if (Array.isArray(value)) for (let i = 0; i < value.length; i++) enter(i, value[i]);
  else
    for (const name of Object.keys(value)) {
      if (escaped.test(name)) form.oddName ??= [...path];
      if (name === 'managedFields' && path.join() === 'metadata') continue;
      enter(name, (value as Readonly<Record<string, unknown>>)[name]);
    }
  return form;
}

/** Leaves out fields that are null; items of lists stay, so that indexes do. */
function dropNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropNulls);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, child]) => (child === null ? [] : [[name, dropNulls(child)]])),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
