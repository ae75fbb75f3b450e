// What has to stand in the maps of one node. What comes in: changes of the IR; what goes out: what of the maps they change. The cost
// follows the change: an endpoint computes the rows of its own Service anew, no other's. Sets are shared, and counted.
import { canonicalHash, type IrEndpointGroup, type IrL4Service, SetHash } from '@sluice/ir';
import { type BackendSet, type FrontendRow, frontendId, type SourceRange, sourceRangeId } from './rows.ts';
import { type NodeSettings, type ServiceRows, serviceRows } from './service-rows.ts';

/** A resource of the IR that was put or, without `resource`, removed. Kinds that the datapath has no use for are passed over. */
export interface DatapathChange {
  readonly kind: string;
  readonly key: string;
  readonly resource?: IrL4Service | IrEndpointGroup | { readonly kind: string };
}

/** What changes in the maps. */
export interface MapsChange {
  /** Sets that were not there. */
  readonly sets: readonly BackendSet[];
  readonly ranges: readonly SourceRange[];
  /** New, or with another value. */
  readonly frontends: readonly FrontendRow[];
  readonly goneFrontends: readonly FrontendRow[];
  readonly goneRanges: readonly SourceRange[];
  /** Sets that no frontend names any more. */
  readonly goneSets: readonly BackendSet[];
}

/** All that has to stand in the maps. */
export interface MapsState {
  readonly frontends: Iterable<FrontendRow>;
  readonly sets: Iterable<BackendSet>;
  readonly ranges: Iterable<SourceRange>;
}

/** Values of a key, each with how many want it there. */
class Shared<V> {
  readonly #held = new Map<string, { value: V; wanted: number }>();
  readonly #before = new Map<string, V | undefined>();

  add(key: string, value: V): void {
    const held = this.#held.get(key);
    this.#note(key, held?.value);
    this.#held.set(key, { value, wanted: (held?.wanted ?? 0) + 1 });
  }

  remove(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#note(key, held.value);
    if (held.wanted === 1) this.#held.delete(key);
    else held.wanted -= 1;
  }

  /** What came or has another value, and what is gone, since the last call. */
  drain(isSame: (a: V, b: V) => boolean): { put: V[]; gone: V[] } {
    const put: V[] = [];
    const gone: V[] = [];
    for (const [key, before] of this.#before) {
      const after = this.#held.get(key)?.value;
      if (after !== undefined && (before === undefined || !isSame(before, after))) put.push(after);
      if (after === undefined && before !== undefined) gone.push(before);
    }
    this.#before.clear();
    return { put, gone };
  }

  *values(): Generator<V> {
    for (const { value } of this.#held.values()) yield value;
  }

  get size(): number {
    return this.#held.size;
  }

  #note(key: string, value: V | undefined): void {
    if (!this.#before.has(key)) this.#before.set(key, value);
  }
}

/** Follows the IR. */
export class DesiredMaps implements MapsState {
  readonly #node: NodeSettings;
  readonly #services = new Map<string, IrL4Service>();
  /** By Service port, then key. */
  readonly #groups = new Map<string, Map<string, IrEndpointGroup>>();
  readonly #portOfGroup = new Map<string, string>();
  /** By Service port: the Services that send to it. */
  readonly #users = new Map<string, Set<string>>();
  readonly #rows = new Map<string, { readonly rows: ServiceRows; readonly hash: string }>();
  readonly #frontends = new Shared<FrontendRow>();
  readonly #sets = new Shared<BackendSet>();
  readonly #ranges = new Shared<SourceRange>();
  readonly #sum = new SetHash();
  /** How many times rows of a Service were computed. */
  computed = 0;

  constructor(node: NodeSettings) {
    this.#node = node;
  }

  /** Takes changes in, together. */
  apply(changes: Iterable<DatapathChange>): MapsChange {
    const dirty = new Set<string>();
    for (const change of changes) this.#fold(change, dirty);
    for (const key of dirty) this.#refresh(key);
    const frontends = this.#frontends.drain(isSameFrontend);
    const sets = this.#sets.drain(() => true);
    const ranges = this.#ranges.drain(() => true);
    return {
      ...{ sets: sets.put, goneSets: sets.gone, ranges: ranges.put, goneRanges: ranges.gone },
      ...{ frontends: frontends.put, goneFrontends: frontends.gone },
    };
  }

  get frontends(): Iterable<FrontendRow> {
    return this.#frontends.values();
  }

  get sets(): Iterable<BackendSet> {
    return this.#sets.values();
  }

  get ranges(): Iterable<SourceRange> {
    return this.#ranges.values();
  }

  /** How many of each there are. */
  get counts(): { readonly frontends: number; readonly sets: number; readonly ranges: number } {
    return { frontends: this.#frontends.size, sets: this.#sets.size, ranges: this.#ranges.size };
  }

  /** Hash of all rows: the same IR and the same node give the same, however it came about. */
  get hash(): string {
    return this.#sum.toString();
  }

  #fold({ kind, key, resource }: DatapathChange, dirty: Set<string>): void {
    if (kind === 'l4-service') this.#foldService(key, isService(resource) ? resource : undefined, dirty);
    else if (kind === 'endpoint-group') this.#foldGroup(key, isGroup(resource) ? resource : undefined, dirty);
  }

  #foldService(key: string, service: IrL4Service | undefined, dirty: Set<string>): void {
    for (const port of portsOf(this.#services.get(key))) {
      const users = this.#users.get(port);
      users?.delete(key);
      if (users?.size === 0) this.#users.delete(port);
    }
    if (service === undefined) this.#services.delete(key);
    else this.#services.set(key, service);
    for (const port of portsOf(service)) entryOf(this.#users, port, () => new Set()).add(key);
    dirty.add(key);
  }

  #foldGroup(key: string, group: IrEndpointGroup | undefined, dirty: Set<string>): void {
    const before = this.#portOfGroup.get(key);
    if (before !== undefined) {
      const groups = this.#groups.get(before);
      groups?.delete(key);
      if (groups?.size === 0) this.#groups.delete(before);
    }
    if (group === undefined) this.#portOfGroup.delete(key);
    else {
      this.#portOfGroup.set(key, group.service);
      entryOf(this.#groups, group.service, () => new Map()).set(key, group);
    }
    for (const port of [before, group?.service])
      for (const user of port === undefined ? [] : (this.#users.get(port) ?? [])) dirty.add(user);
  }

  #refresh(key: string): void {
    const before = this.#rows.get(key);
    const service = this.#services.get(key);
    if (service === undefined) this.#rows.delete(key);
    else {
      this.computed += 1;
      const rows = serviceRows(service, (port) => [...(this.#groups.get(port)?.values() ?? [])], this.#node);
      const hash = canonicalHash({ key, frontends: rows.frontends, ranges: rows.ranges });
      this.#rows.set(key, { rows, hash });
      this.#sum.add(hash);
      for (const row of rows.frontends) this.#frontends.add(frontendId(row), row);
      for (const set of rows.sets.values()) this.#sets.add(set.id, set);
      for (const range of rows.ranges) this.#ranges.add(sourceRangeId(range), range);
    }
    if (before === undefined) return;
    this.#sum.remove(before.hash);
    for (const row of before.rows.frontends) this.#frontends.remove(frontendId(row));
    for (const id of before.rows.sets.keys()) this.#sets.remove(id);
    for (const range of before.rows.ranges) this.#ranges.remove(sourceRangeId(range));
  }
}

function isService(resource: DatapathChange['resource']): resource is IrL4Service {
  return resource?.kind === 'l4-service';
}

function isGroup(resource: DatapathChange['resource']): resource is IrEndpointGroup {
  return resource?.kind === 'endpoint-group';
}

function portsOf(service: IrL4Service | undefined): Set<string> {
  return new Set(service?.frontends.map(({ endpoints }) => endpoints));
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}

/** Fields of a frontend that its value is made of. */
export function isSameFrontend(a: FrontendRow, b: FrontendRow): boolean {
  return (
    a.set === b.set &&
    a.group === b.group &&
    a.count === b.count &&
    a.affinityTimeoutS === b.affinityTimeoutS &&
    a.tableSize === b.tableSize &&
    a.algorithm === b.algorithm &&
    a.flags === b.flags
  );
}
