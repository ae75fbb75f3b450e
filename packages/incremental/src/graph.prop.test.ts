import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Graph } from './graph.ts';

interface Item {
  readonly to: string;
  readonly groups: readonly string[];
  readonly weight: number;
}

/** A graph with every operator in it, and everything that can be seen of it. */
function world() {
  const graph = new Graph();
  const targets = graph.source<string>('targets');
  const items = graph.source<Item>('items', { keep: 'text' });
  const resolved = graph.map(items, 'resolved', (item, _key, fetch) => {
    const hop = fetch(targets, item.to);
    return { hop, end: hop === undefined ? undefined : fetch(targets, hop) };
  });
  const heavy = graph.map(items, 'heavy', (item) => (item.weight > 2 ? item.weight : undefined));
  const remade = graph.map(
    items,
    'remade',
    (item, key, fetch) =>
      item.weight === 0 ? undefined : { heavy: fetch(heavy, key), hop: fetch(targets, item.to) },
    { keep: 'nothing' },
  );
  const beside = graph.map(
    items,
    'beside',
    (item, key, fetch) => ({ own: fetch(remade, key), other: fetch(remade, item.to)?.heavy }),
    { keep: 'text' },
  );
  const shared = graph.map(items, 'shared', (item) => item.groups, { keep: 'shared' });
  const ofShared = graph.countBy(shared, 'of shared', (groups) => groups);
  const flat = graph.flatMap(items, 'flat', (item, key) =>
    item.groups.map((group) => [group, `${key}:${item.weight}`] as const),
  );
  const index = graph.indexBy(items, 'index', (item) => item.groups);
  const members = graph.map(index, 'members', (group) => group.members());
  const count = graph.countBy(items, 'count', (item) => item.groups);
  const sum = graph.reduceBy(items, 'sum', {
    keysOf: (item) => item.groups,
    zero: 0,
    add: (n, item) => n + item.weight,
    remove: (n, item) => n - item.weight,
  });
  const joined = graph.map(count, 'joined', (n, group, fetch) => ({
    n,
    sum: fetch(sum, group),
    first: fetch(flat, group),
  }));
  const views = [resolved, heavy, remade, beside, shared, ofShared, flat, members, count, sum, joined];
  const outputs = views.map((view) => graph.output<unknown>(view));
  return { graph, targets, items, views: () => views.map((view) => view.entries()), outputs };
}

const name = fc.constantFrom('a', 'b', 'c', 'd');
const item = fc.record({
  to: name,
  groups: fc.uniqueArray(name, { maxLength: 3 }),
  weight: fc.integer({ min: 0, max: 4 }),
});
const event = fc.oneof(
  fc.record({ kind: fc.constant('item' as const), key: name, value: fc.option(item, { nil: undefined }) }),
  fc.record({ kind: fc.constant('target' as const), key: name, value: fc.option(name, { nil: undefined }) }),
  fc.constant({ kind: 'commit' as const }),
);
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;

function play(events: readonly Event[], into: ReturnType<typeof world>): void {
  for (const e of events) {
    if (e.kind === 'commit') into.graph.commit();
    else if (e.kind === 'item')
      e.value === undefined ? into.items.delete(e.key) : into.items.set(e.key, e.value);
    else if (e.value === undefined) into.targets.delete(e.key);
    else into.targets.set(e.key, e.value);
  }
  into.graph.commit();
}

test('incremental is the same as from scratch, over any events with duplicates, deletes and any commits', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const step = world();
      play(events, step);
      const last = new Map<string, Event>();
      for (const e of events) if (e.kind !== 'commit') last.set(`${e.kind}/${e.key}`, e);
      const fresh = world();
      play([...last.values()].reverse(), fresh);
      expect(step.views()).toEqual(fresh.views());
    }),
    { numRuns: 500 },
  );
});

test('the drained changes, applied one after another, make up the state', () => {
  fc.assert(
    fc.property(fc.array(fc.array(event, { maxLength: 10 }), { maxLength: 8 }), (batches) => {
      const step = world();
      const mirrors = step.outputs.map(() => new Map<string, unknown>());
      for (const batch of batches) {
        play(batch, step);
        step.outputs.forEach((output, i) => {
          for (const { key, after } of output.drain())
            after === undefined ? mirrors[i]?.delete(key) : mirrors[i]?.set(key, after);
        });
      }
      expect(mirrors.map((m) => [...m].sort(([a], [b]) => (a < b ? -1 : 1)))).toEqual(step.views());
    }),
    { numRuns: 300 },
  );
});
