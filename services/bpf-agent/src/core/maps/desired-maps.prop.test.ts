import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DesiredMaps } from './desired-maps.ts';
import { repair } from './repair.ts';
import { stepsOf } from './steps.ts';
import { anyChange, contents, folded, Killed, MemoryMaps, node, sortedDump } from './world.fixture.ts';

const batches = fc.array(fc.array(anyChange, { maxLength: 6 }), { maxLength: 10 });

/** Runs until it is done or the maps are killed. @returns whether it was done */
function survives(run: () => void): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (error instanceof Killed) return false;
    throw error;
  }
}

describe('the desired maps', () => {
  test('are the same step by step as from scratch, in any order, and so is what was written', () => {
    fc.assert(
      fc.property(batches, fc.infiniteStream(fc.nat()), (all, random) => {
        const desired = new DesiredMaps(node);
        const maps = new MemoryMaps();
        for (const batch of all) for (const step of stepsOf(desired.apply(batch))) maps.write(step);
        const shuffled = folded(all.flat())
          .map((change) => ({ change, at: random.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ change }) => change);
        const fresh = new DesiredMaps(node);
        fresh.apply(shuffled);
        expect(contents(desired)).toEqual(contents(fresh));
        expect(desired.hash).toBe(fresh.hash);
        expect(desired.counts).toEqual(fresh.counts);
        expect(sortedDump(maps.dump())).toEqual(contents(fresh));
      }),
      { numRuns: 400 },
    );
  });

  test('never ask for more than fits, leave out whole Services that keep what they had, and take them in once there is room', () => {
    fc.assert(
      fc.property(batches, fc.nat(12), fc.nat(6), fc.nat(3), (all, frontends, slots, few) => {
        const limits = { lb_frontends: frontends, lb_slots: slots, lb_tables: few, lb_source_ranges: few };
        const [bounded, free] = [new DesiredMaps(node, limits), new DesiredMaps(node)];
        const maps = new MemoryMaps();
        for (const batch of all) {
          for (const step of stepsOf(bounded.apply(batch))) maps.write(step);
          free.apply(batch);
          const sets = [...bounded.sets];
          expect(bounded.counts.frontends).toBeLessThanOrEqual(frontends);
          expect(bounded.counts.ranges).toBeLessThanOrEqual(few);
          expect(sets.reduce((sum, { backends }) => sum + backends.length, 0)).toBeLessThanOrEqual(slots);
          expect(sets.filter(({ tableSize }) => tableSize > 0).length).toBeLessThanOrEqual(few);
          expect(maps.faults()).toEqual([]);
          expect(sortedDump(maps.dump())).toEqual(contents(bounded));
          expect(bounded.hash).toBe(free.hash);
          if (bounded.leftOut.size === 0) expect(contents(bounded)).toEqual(contents(free));
        }
        const kinds = folded(all.flat()).map(({ kind, key }) => ({ kind, key }));
        bounded.apply(kinds);
        expect([bounded.counts, bounded.leftOut.size]).toEqual([{ frontends: 0, sets: 0, ranges: 0 }, 0]);
      }),
      { numRuns: 400 },
    );
  });

  test('are never seen half-written, whenever the writer is killed, and are whole after the next start', () => {
    fc.assert(
      fc.property(batches, fc.nat(60), fc.nat(20), (all, first, second) => {
        const maps = new MemoryMaps();
        maps.watch = () => expect(maps.faults()).toEqual([]);
        maps.rows = first;
        const desired = new DesiredMaps(node);
        let at = 0;
        survives(() => {
          for (; at < all.length; at++)
            for (const step of stepsOf(desired.apply(all[at] ?? []))) maps.write(step);
        });
        // The log is read again by two further writers, of whom the first is killed as well.
        for (const rows of [second, Number.POSITIVE_INFINITY]) {
          maps.rows = rows;
          const next = new DesiredMaps(node);
          next.apply(all.flat());
          const done = survives(() => {
            for (const step of repair(maps.dump(), next)) maps.write(step);
          });
          if (done) {
            expect(sortedDump(maps.dump())).toEqual(contents(next));
            expect(repair(maps.dump(), next)).toEqual([]);
          }
        }
      }),
      { numRuns: 400 },
    );
  });
});

function endpoints(i: number, ...addresses: string[]) {
  const resource = {
    kind: 'endpoint-group' as const,
    key: `default/s${i}-1/80`,
    service: `default/s${i}/80`,
    endpoints: addresses.map((address) => ({ address, port: 8080, state: 'ready' as const })),
  };
  return { kind: resource.kind, key: resource.key, resource };
}

function service(i: number, ...addresses: string[]) {
  const resource = {
    kind: 'l4-service' as const,
    key: `default/s${i}`,
    source: { group: '', kind: 'Service', namespace: 'default', name: `s${i}` },
    generation: 1,
    frontends: addresses.map((address) => ({
      ...{ address, port: 80, protocol: 'TCP' as const, type: 'cluster' as const },
      endpoints: `default/s${i}/80`,
    })),
  };
  return { kind: resource.kind, key: resource.key, resource };
}

describe('a Service for which there is no room', () => {
  const limits = { lb_frontends: 4, lb_slots: 3, lb_tables: 0, lb_source_ranges: 0 };
  const leftOut = (maps: DesiredMaps) => Object.fromEntries(maps.leftOut);
  const backendsOf = (maps: DesiredMaps) =>
    [...maps.sets].flatMap(({ backends }) => backends.map(({ address }) => address)).sort();

  test('goes on with what it had, and gets the rest when another goes', () => {
    const maps = new DesiredMaps(node, limits);
    maps.apply([service(1, '10.96.0.1'), endpoints(1, '10.0.0.1')]);
    maps.apply([service(2, '10.96.0.2'), endpoints(2, '10.0.0.2')]);
    expect(leftOut(maps)).toEqual({});
    maps.apply([endpoints(2, '10.0.0.3', '10.0.0.4', '10.0.0.5')]);
    expect(leftOut(maps)).toEqual({ 'default/s2': 'lb_slots' });
    expect(backendsOf(maps)).toEqual(['10.0.0.1', '10.0.0.2']);
    maps.apply([service(3, '10.96.0.3')]);
    expect(leftOut(maps)).toEqual({ 'default/s2': 'lb_slots', 'default/s3': 'lb_frontends' });
    const change = maps.apply([{ kind: 'l4-service', key: 'default/s1' }]);
    expect(leftOut(maps)).toEqual({});
    expect(backendsOf(maps)).toEqual(['10.0.0.3', '10.0.0.4', '10.0.0.5']);
    expect(stepsOf(change).map(({ kind }) => kind)).toEqual([
      ...['put-slots', 'put-frontends', 'remove-frontends', 'remove-slots'],
    ]);
  });

  test('costs each change a few tries, however many wait', () => {
    const maps = new DesiredMaps(node, limits);
    for (let i = 0; i < 1_000; i += 1) maps.apply([service(i, `10.96.${i >> 8}.${i & 255}`)]);
    expect(maps.leftOut.size).toBe(998);
    expect(maps.computed).toBe(1_000);
  });
});

describe('the cost', () => {
  test('of an endpoint among 10,000 Services is that of its own Service', () => {
    const desired = new DesiredMaps(node);
    const all = Array.from({ length: 10_000 }, (_, i) => [
      service(i, `10.96.${i >> 8}.${i & 255}`),
      endpoints(i, `10.0.${i >> 8}.${i & 255}`, '10.1.0.1'),
    ]);
    desired.apply(all.flat());
    const before = desired.computed;
    const change = desired.apply([endpoints(7, '10.2.0.1', '10.2.0.2', '10.2.0.3')]);
    expect(desired.computed - before).toBe(1);
    expect(stepsOf(change).map((step) => [step.kind, 'rows' in step ? step.rows.length : step])).toEqual([
      ['put-slots', 3],
      ['put-frontends', 2],
      ['remove-slots', expect.objectContaining({ keys: expect.objectContaining({ length: 2 }) })],
    ]);
  });

  test('of what is said again, of other kinds and of a Service that shares its backends is nothing', () => {
    const desired = new DesiredMaps(node);
    const world = [
      service(1, '10.96.0.1'),
      endpoints(1, '10.0.0.1'),
      service(2, '10.96.0.2'),
      endpoints(2, '10.0.0.1'),
    ];
    desired.apply(world);
    expect(desired.counts).toEqual({ frontends: 4, sets: 1, ranges: 0 });
    expect(stepsOf(desired.apply([...world, { kind: 'listener', key: 'x' }]))).toEqual([]);
    const gone = desired.apply([{ kind: 'l4-service', key: 'default/s2' }]);
    expect(stepsOf(gone).map(({ kind }) => kind)).toEqual(['remove-frontends']);
  });

  test('of the last endpoint is the frontends alone, which then refuse', () => {
    const desired = new DesiredMaps(node);
    desired.apply([service(1, '10.96.0.1'), endpoints(1, '10.0.0.1')]);
    const steps = stepsOf(desired.apply([{ kind: 'endpoint-group', key: 'default/s1-1/80' }]));
    expect(steps.map(({ kind }) => kind)).toEqual(['put-frontends', 'remove-slots']);
    expect([...desired.frontends].map(({ set, count }) => [set, count])).toEqual([
      ['0000000000000000', 0],
      ['0000000000000000', 0],
    ]);
  });
});
