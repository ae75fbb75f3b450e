// Random Services and endpoints for property tests, and maps that can be killed at any row.
import type { IrEndpointGroup, IrL4Frontend, IrL4Service } from '@sluice/ir';
import fc from 'fast-check';
import type { DatapathChange, MapsState } from './desired-maps.ts';
import type { MapsDump } from './repair.ts';
import { type BackendSet, type FrontendRow, frontendId, sourceRangeId } from './rows.ts';
import type { NodeSettings } from './service-rows.ts';
import { type SlotRow, type Step, slotsOf } from './steps.ts';

export const node: NodeSettings = { name: 'n1', zone: 'a', ipv4: '192.0.2.1', ipv6: '', tableSize: 251 };

const names = ['one', 'two', 'three'] as const;
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const exact = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as T;

const endpoint = fc
  .record({
    address: fc.constantFrom(
      '10.0.0.1',
      '10.0.0.2',
      '10.0.0.3',
      '10.0.0.4',
      'fd00::1',
      'fd00::2',
      'nonsense',
    ),
    port: fc.constantFrom(80, 8080),
    state: fc.constantFrom('ready' as const, 'ready' as const, 'draining' as const),
    zone: maybe(fc.constantFrom('a', 'b')),
    node: maybe(fc.constantFrom('n1', 'n2')),
    forZones: maybe(fc.constantFrom(['a'], ['b'], ['a', 'b'])),
    forNodes: maybe(fc.constantFrom(['n1'], ['n2'])),
  })
  .map(exact);

const group = fc
  .record({
    service: fc.constantFrom(...names),
    slice: fc.constantFrom('x', 'y'),
    endpoints: fc.array(endpoint, { minLength: 1, maxLength: 5 }),
  })
  .map(
    ({ service, slice, endpoints }): IrEndpointGroup => ({
      kind: 'endpoint-group',
      key: `default/${service}-${slice}/80`,
      service: `default/${service}/80`,
      endpoints: endpoints as IrEndpointGroup['endpoints'],
    }),
  );

const frontend = fc
  .record({
    address: fc.constantFrom('', '198.51.100.1', 'fd00:96::1'),
    type: fc.constantFrom('cluster' as const, 'external' as const, 'load-balancer' as const),
    protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
    proxy: maybe(
      fc.constantFrom(
        { address: '', port: 20_080 },
        { dataPlanes: 'default/one/80', port: 20_080 },
        { dataPlanes: 'default/two/80', port: 20_081 },
      ),
    ),
  })
  .map(exact);

/** No two Services have one frontend: the translator sees to that. */
const service = fc
  .record({
    name: fc.constantFrom(...names),
    frontends: fc.uniqueArray(frontend, {
      minLength: 1,
      maxLength: 3,
      selector: (f) => `${f.address}|${f.protocol}`,
    }),
    affinityTimeoutS: maybe(fc.constantFrom(60, 10_800)),
    internalPolicy: maybe(fc.constant('local' as const)),
    externalPolicy: maybe(fc.constant('local' as const)),
    algorithm: maybe(fc.constant('maglev' as const)),
    distribution: maybe(fc.constantFrom('same-zone' as const, 'same-node' as const)),
    sourceRanges: maybe(fc.constantFrom([], ['10.0.0.0/8'], ['10.0.0.0/8', '192.0.2.0/24'])),
  })
  .map(({ name, frontends, ...rest }): IrL4Service => {
    const own = frontends.map(
      (f): IrL4Frontend => ({
        ...(f as Omit<IrL4Frontend, 'port' | 'endpoints'>),
        address: f.address === '' ? '10.96.0.1' : f.address,
        port: 80 + names.indexOf(name),
        endpoints: `default/${name}/80`,
      }),
    );
    return exact({
      kind: 'l4-service' as const,
      key: `default/${name}`,
      source: { group: '', kind: 'Service', namespace: 'default', name },
      generation: 1,
      frontends: own,
      ...rest,
    }) as IrL4Service;
  });

/** Pods with host ports, each with one of its own: the translator sees to that. */
const pod = fc
  .record({
    name: fc.constantFrom(...names),
    node: fc.constantFrom('n1', 'n1', 'n2'),
    addresses: fc.uniqueArray(fc.constantFrom('0.0.0.0', '192.0.2.1', '203.0.113.9', '::'), { minLength: 1 }),
    last: fc.constantFrom(1, 2),
  })
  .map(
    ({ name, node: at, addresses, last }): IrL4Service => ({
      kind: 'l4-service',
      key: `Pod/default/${name}`,
      source: { group: '', kind: 'Pod', namespace: 'default', name },
      generation: 0,
      node: at,
      frontends: addresses.map((address) => ({
        ...{
          address,
          port: 8000 + names.indexOf(name),
          protocol: 'TCP' as const,
          type: 'host-port' as const,
        },
        endpoints: `Pod/default/${name}/${8000 + names.indexOf(name)}`,
        endpoint: { address: address.includes(':') ? `fd00::${last}` : `10.0.1.${last}`, port: 80 },
      })),
    }),
  );

/** One change of the IR. */
export const anyChange: fc.Arbitrary<DatapathChange> = fc.oneof(
  { weight: 4, arbitrary: service.map((resource) => ({ kind: resource.kind, key: resource.key, resource })) },
  { weight: 6, arbitrary: group.map((resource) => ({ kind: resource.kind, key: resource.key, resource })) },
  { weight: 2, arbitrary: pod.map((resource) => ({ kind: resource.kind, key: resource.key, resource })) },
  { weight: 1, arbitrary: fc.oneof(service, pod).map(({ kind, key }) => ({ kind, key })) },
  { weight: 2, arbitrary: group.map(({ kind, key }) => ({ kind, key })) },
  { weight: 1, arbitrary: fc.constant({ kind: 'listener', key: 'default/gw/80' }) },
);

/** The newest word on each resource. */
export function folded(changes: readonly DatapathChange[]): DatapathChange[] {
  const newest = new Map<string, DatapathChange>();
  for (const change of changes) {
    const id = `${change.kind}:${change.key}`;
    newest.delete(id);
    if (change.resource !== undefined) newest.set(id, change);
  }
  return [...newest.values()];
}

/** The power went off. */
export class Killed extends Error {}

/** Maps in memory. After `rows` more rows the writer is killed. */
export class MemoryMaps {
  readonly frontends = new Map<string, FrontendRow>();
  readonly slots = new Map<string, SlotRow>();
  readonly tables = new Map<string, number>();
  readonly ranges = new Map<string, { group: string; range: string }>();
  /** Rows that may still be written. */
  rows = Number.POSITIVE_INFINITY;
  /** Called after each row. */
  watch: () => void = () => undefined;

  write(step: Step): void {
    this.#writer(step)();
  }

  #writer(step: Step): () => void {
    switch (step.kind) {
      case 'put-slots':
        return () => this.#each(step.rows, (row) => this.slots.set(slotId(row), row));
      case 'put-tables':
        return () => this.#each(step.sets, ({ id, tableSize }) => this.tables.set(id, tableSize));
      case 'put-ranges':
        return () => this.#each(step.rows, (row) => this.ranges.set(sourceRangeId(row), row));
      case 'put-frontends':
        return () => this.#each(step.rows, (row) => this.frontends.set(frontendId(row), row));
      case 'remove-frontends':
        return () => this.#each(step.keys, (key) => this.frontends.delete(frontendId(key)));
      case 'remove-ranges':
        return () => this.#each(step.keys, (key) => this.ranges.delete(sourceRangeId(key)));
      case 'remove-tables':
        return () => this.#each(step.sets, (id) => this.tables.delete(id));
      case 'remove-slots':
        return () => this.#each(step.keys, (key) => this.slots.delete(slotId(key)));
    }
  }

  dump(): MapsDump {
    return {
      frontends: [...this.frontends.values()],
      slots: [...this.slots.values()],
      tables: [...this.tables.keys()],
      ranges: [...this.ranges.values()],
    };
  }

  /** What a program would find wrong: a frontend whose backends or table are not all there. */
  faults(): string[] {
    return [...this.frontends.values()].flatMap((row) => {
      if (row.count === 0) return [];
      const missing = Array.from({ length: row.count }, (_, slot) => slot).filter(
        (slot) => !this.slots.has(slotId({ set: row.set, slot })),
      );
      const table = row.tableSize === 0 || this.tables.get(row.set) === row.tableSize;
      return missing.length === 0 && table
        ? []
        : [`${frontendId(row)} names ${row.set}, slots ${missing} missing`];
    });
  }

  #each<T>(rows: readonly T[], write: (row: T) => unknown): void {
    for (const row of rows) {
      if (this.rows <= 0) throw new Killed('killed');
      this.rows -= 1;
      write(row);
      this.watch();
    }
  }
}

function slotId({ set, slot }: { set: string; slot: number }): string {
  return `${set}|${slot}`;
}

/** What the maps have to hold, sorted, for comparing. */
export function contents(state: MapsState): unknown {
  const sets: BackendSet[] = [...state.sets];
  return sortedDump({
    frontends: [...state.frontends],
    slots: sets.flatMap(slotsOf),
    tables: sets.filter(({ tableSize }) => tableSize > 0).map(({ id }) => id),
    ranges: [...state.ranges],
  });
}

/** A dump, sorted, for comparing. */
export function sortedDump({ frontends, slots, tables, ranges }: MapsDump): unknown {
  const by = <T>(list: readonly T[], id: (item: T) => string): T[] =>
    [...list].sort((a, b) => (id(a) < id(b) ? -1 : 1));
  return {
    frontends: by(frontends, frontendId),
    slots: by(slots, slotId),
    tables: [...tables].sort(),
    ranges: by(ranges, sourceRangeId),
  };
}
