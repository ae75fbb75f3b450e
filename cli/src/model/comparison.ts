// What differs between two states. In: two snapshots; out: for each part the members that came, went or changed, with
// both forms. Bookkeeping does not count: the revision that an unchanged resource carries, the times of conditions.
import { isDeepStrictEqual } from 'node:util';
import type { NodeSettings } from '@sluice/bpf-agent/core';
import { compareText, formatObjectRef, type IrId } from '@sluice/ir';
import { allConditions } from './conditions.ts';
import { frontendText, frontendViews } from './datapath.ts';
import { findObjects } from './objects.ts';
import type { Snapshot } from './snapshot.ts';
import type { RevisedResource, World } from './world.ts';
import { compileWith, shortType, type Xds } from './xds.ts';

/** One member that differs. */
export interface Change {
  readonly id: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Absent where it was added. */
  readonly before?: unknown;
  /** Absent where it was removed. */
  readonly after?: unknown;
}

/** The parts that are compared, in the order of the data's way. */
export const parts = ['objects', 'refusals', 'ir', 'datapath', 'xds', 'conditions'] as const;
export type Part = (typeof parts)[number];

/** All that differs, each part sorted by id. */
export type Comparison = Readonly<Record<Part, readonly Change[]>>;

/** How states are looked at. */
export interface Look {
  /** Of routes; undefined: the default. */
  readonly layout: string | undefined;
  /** The node whose kernel is looked at. */
  readonly node: NodeSettings;
}

/** Compares two states. */
export function compareSnapshots(before: Snapshot, after: Snapshot, { layout, node }: Look): Comparison {
  const [a, b] = [before.world, after.world];
  const ir = compareMaps(resourcesOf(before), resourcesOf(after));
  return {
    objects: compareMaps(objectsOf(a), objectsOf(b)),
    refusals: compareMaps(refusalsOf(a), refusalsOf(b)),
    ir,
    datapath: ir.some(({ id }) => /^(l4-service|endpoint-group):/.test(id))
      ? compareMaps(mapsOf(a, node), mapsOf(b, node))
      : [],
    xds: ir.length === 0 ? [] : compareXds(a, b, layout),
    conditions: compareMaps(conditionsOf(a), conditionsOf(b)),
  };
}

/** Members of two maps that differ, sorted by key. */
export function compareMaps(
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): Change[] {
  const changes: Change[] = [];
  for (const [id, value] of before) {
    const other = after.get(id);
    if (!after.has(id)) changes.push({ id, change: 'removed', before: value });
    else if (!isDeepStrictEqual(value, other))
      changes.push({ id, change: 'changed', before: value, after: other });
  }
  for (const [id, value] of after) if (!before.has(id)) changes.push({ id, change: 'added', after: value });
  return changes.sort((x, y) => compareText(x.id, y.id));
}

/** Objects as the user wrote them. Of a Secret: the public facts, and a keyed digest that tells equal from changed. */
function objectsOf(world: World): Map<string, unknown> {
  const digests = new Map(
    [...world.facts.values()].flatMap((fact) =>
      fact.type === 'CertificateObserved' ? [[formatObjectRef(fact.ref), fact.digest] as const] : [],
    ),
  );
  return new Map(
    findObjects(world, {}).map(({ ref, manifest: { status: _status, ...manifest } }) => {
      const id = formatObjectRef(ref);
      const digest = digests.get(id);
      return [id, digest === undefined ? manifest : { ...manifest, keyedDigest: digest.slice(0, 16) }];
    }),
  );
}

function refusalsOf(world: World): Map<string, unknown> {
  return new Map(
    [...world.facts.values()].flatMap((fact): [string, unknown][] => {
      if (fact.type === 'ObjectRefused') return [[formatObjectRef(fact.ref), fact.faults]];
      return fact.type === 'FileRefused' ? [[fact.file, fact.faults]] : [];
    }),
  );
}

function resourcesOf({ world, foreign = new Map() }: Snapshot): Map<string, unknown> {
  return new Map([...foreign, ...[...world.ir].map(([id, { resource }]) => [id, resource] as const)]);
}

/** What stands in the maps of the node's kernel, in words: each place where clients reach a Service, and what is behind it. */
function mapsOf(world: World, node: NodeSettings): Map<string, unknown> {
  const views = frontendViews(
    [...world.ir.values()].map(({ resource }) => resource),
    node,
    world.datapaths.values(),
  );
  return new Map(
    views.map(({ frontend, from, backends, at, ...rest }) => [
      `${frontendText(frontend)}${at === undefined ? '' : ` of node ${at.node}`} from ${from}`,
      { ...rest, type: frontend.type, backends },
    ]),
  );
}

function conditionsOf(world: World): Map<string, unknown> {
  return new Map(
    allConditions(world).map(({ ref, part, condition: { type, status, reason, message } }) => [
      [formatObjectRef(ref), part, type].filter((text) => text !== '').join(' '),
      { status, reason, message },
    ]),
  );
}

function compareXds(before: World, after: World, layout: string | undefined): Change[] {
  const a = compileWith(before.ir.values(), layout);
  const b = compileWith(sameStamps(before.ir, after.ir), layout);
  const [known, other] = [versionsOf(a), versionsOf(b)];
  return compareMaps(known, other).map(({ id, change }) => ({
    id,
    change,
    ...(known.has(id) ? { before: shown(a, id) } : {}),
    ...(other.has(id) ? { after: shown(b, id) } : {}),
  }));
}

/** Resources whose content is the same carry the revision that they carried before. */
function sameStamps(
  before: ReadonlyMap<IrId, RevisedResource>,
  after: ReadonlyMap<IrId, RevisedResource>,
): RevisedResource[] {
  return [...after].map(([id, revised]) => {
    const earlier = before.get(id);
    return earlier !== undefined && isDeepStrictEqual(earlier.resource, revised.resource) ? earlier : revised;
  });
}

function versionsOf(xds: Xds): Map<string, string> {
  return new Map(
    [...xds].flatMap(([typeUrl, byName]) =>
      [...byName].map(([name, { version }]) => [`${shortType(typeUrl)}/${name}`, version] as const),
    ),
  );
}

/** A resource as Envoy would show it. A Secret has no bytes: its name, and the version that changes with the key. */
function shown(xds: Xds, id: string): unknown {
  for (const [typeUrl, byName] of xds) {
    const prefix = `${shortType(typeUrl)}/`;
    const found = id.startsWith(prefix) ? byName.get(id.slice(prefix.length)) : undefined;
    if (found !== undefined)
      return found.bytes.length === 0
        ? { name: id.slice(prefix.length), version: found.version }
        : found.json;
  }
  return undefined;
}
