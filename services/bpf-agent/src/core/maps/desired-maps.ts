// What has to stand in the maps of one node. What comes in: changes of the IR; what goes out: what of the maps they change. The cost
// follows the change: an endpoint computes the rows of its own Service anew, no other's. Sets are shared, and counted.
import { canonicalHash, compareText, type IrEndpointGroup, type IrL4Service, SetHash } from '@sluice/ir';
import { type DesiredMapName, fullMap, growth, namedOf, type RowCounts, sizesOf } from './room.ts';
import { type BackendSet, type FrontendRow, frontendId, type SourceRange, sourceRangeId } from './rows.ts';
import { isAtNode, type NodeSettings, type ServiceRows, serviceRows } from './service-rows.ts';
import { Shared } from './shared.ts';

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

/** Services that found no room, after which the others are not tried. */
const mostFailures = 16;

/** Follows the IR. */
export class DesiredMaps implements MapsState {
  readonly #node: NodeSettings;
  readonly #services = new Map<string, IrL4Service>();
  /** By Service port, then key. */
  readonly #groups = new Map<string, Map<string, IrEndpointGroup>>();
  readonly #portOfGroup = new Map<string, string>();
  /** By Service port: the Services that send to it. */
  readonly #users = new Map<string, Set<string>>();
  /** What each is to have. */
  readonly #rows = new Map<string, { readonly rows: ServiceRows; readonly hash: string }>();
  /** What each has: the same, or an older version where that does not fit. */
  readonly #held = new Map<string, ServiceRows>();
  readonly #limits: RowCounts | undefined;
  readonly #leftOut = new Map<string, DesiredMapName>();
  #slots = 0;
  #tables = 0;
  readonly #frontends = new Shared<FrontendRow>();
  readonly #sets = new Shared<BackendSet>();
  readonly #ranges = new Shared<SourceRange>();
  readonly #sum = new SetHash();
  /** How many times rows of a Service were computed. */
  computed = 0;

  /** @param limits rows that fit; default: all do */
  constructor(node: NodeSettings, limits?: RowCounts) {
    this.#node = node;
    this.#limits = limits;
  }

  /** Takes changes in, together. */
  apply(changes: Iterable<DatapathChange>): MapsChange {
    const dirty = new Set<string>();
    for (const change of changes) this.#fold(change, dirty);
    for (const key of dirty) this.#refresh(key);
    this.#tryLeftOut();
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

  /** Services for whose newest version there is no room, each with a map that is full. */
  get leftOut(): ReadonlyMap<string, DesiredMapName> {
    return this.#leftOut;
  }

  /** Hash of all rows that are asked for, whether they fit or not: the same IR and the same node give the same, however it came about. */
  get hash(): string {
    return this.#sum.toString();
  }

  #fold({ kind, key, resource }: DatapathChange, dirty: Set<string>): void {
    if (kind === 'l4-service')
      this.#foldService(
        key,
        isService(resource) && isAtNode(resource, this.#node) ? resource : undefined,
        dirty,
      );
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
    if (before !== undefined) this.#sum.remove(before.hash);
    const service = this.#services.get(key);
    if (service === undefined) {
      this.#rows.delete(key);
      this.#leftOut.delete(key);
      this.#hold(key, undefined);
      return;
    }
    this.computed += 1;
    const rows = serviceRows(service, (port) => [...(this.#groups.get(port)?.values() ?? [])], this.#node);
    const hash = canonicalHash({ key, frontends: rows.frontends, ranges: rows.ranges });
    this.#rows.set(key, { rows, hash });
    this.#sum.add(hash);
    this.#place(key, rows);
  }

  /** Gives a Service what it asks for, if there is room. */
  #place(key: string, rows: ServiceRows): boolean {
    const full = this.#limits === undefined ? undefined : this.#fullFor(key, rows, this.#limits);
    if (full === undefined) {
      this.#leftOut.delete(key);
      this.#hold(key, rows);
    } else this.#leftOut.set(key, full);
    return full === undefined;
  }

  #fullFor(key: string, rows: ServiceRows, limits: RowCounts): DesiredMapName | undefined {
    const wanted = {
      frontend: (id: string) => this.#frontends.wanted(id),
      set: (id: string) => this.#sets.wanted(id),
      range: (id: string) => this.#ranges.wanted(id),
    };
    const held = {
      ...{ lb_frontends: this.#frontends.size, lb_slots: this.#slots },
      ...{ lb_tables: this.#tables, lb_source_ranges: this.#ranges.size },
    };
    if (fullMap(held, sizesOf(rows), limits) === undefined) return undefined;
    const before = this.#held.get(key);
    return fullMap(held, growth(before && namedOf(before), namedOf(rows), wanted), limits);
  }

  /** The new rows are counted before the old ones go, so that what both have stays. */
  #hold(key: string, rows: ServiceRows | undefined): void {
    const before = this.#held.get(key);
    if (rows === undefined) this.#held.delete(key);
    else {
      this.#held.set(key, rows);
      for (const row of rows.frontends) this.#frontends.add(frontendId(row), row);
      for (const set of rows.sets.values()) this.#countSet(set, this.#sets.add(set.id, set) ? 1 : 0);
      for (const range of rows.ranges) this.#ranges.add(sourceRangeId(range), range);
    }
    if (before === undefined) return;
    for (const row of before.frontends) this.#frontends.remove(frontendId(row));
    for (const set of before.sets.values()) this.#countSet(set, this.#sets.remove(set.id) ? -1 : 0);
    for (const range of before.ranges) this.#ranges.remove(sourceRangeId(range));
  }

  #countSet({ backends, tableSize }: BackendSet, by: number): void {
    this.#slots += by * backends.length;
    if (tableSize > 0) this.#tables += by;
  }

  /** Gives room that has become free to those that wait for it, by name; where many do, not all are tried each time. */
  #tryLeftOut(): void {
    let failures = 0;
    for (const key of [...this.#leftOut.keys()].sort(compareText)) {
      const rows = this.#rows.get(key)?.rows;
      if (rows !== undefined && !this.#place(key, rows)) failures += 1;
      if (failures === mostFailures) return;
    }
  }
}

function isService(resource: DatapathChange['resource']): resource is IrL4Service {
  return resource?.kind === 'l4-service';
}

function isGroup(resource: DatapathChange['resource']): resource is IrEndpointGroup {
  return resource?.kind === 'endpoint-group';
}

function portsOf(service: IrL4Service | undefined): Set<string> {
  return new Set(
    service?.frontends.flatMap(({ endpoints, endpoint, proxy }) => {
      if (endpoint !== undefined) return [];
      return proxy !== undefined && 'dataPlanes' in proxy ? [endpoints, proxy.dataPlanes] : [endpoints];
    }),
  );
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
