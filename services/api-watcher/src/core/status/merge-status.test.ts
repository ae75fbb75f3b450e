import { describe, expect, test } from 'vitest';
import { mergeStatus } from './merge-status.ts';
import { noticesOf } from './notices.ts';
import { mayWriteAtMs, type Pace, said, written } from './pace.ts';

const ours = 'sluice.dev/gateway-controller';
const controllers = new Set([ours]);
const condition = (type: string, status: string, at: string, extra: object = {}): object => ({
  type,
  status,
  reason: 'Because',
  message: 'm',
  observedGeneration: 1,
  lastTransitionTime: at,
  ...extra,
});
const entry = (
  name: string,
  controllerName: string,
  conditions: readonly object[],
  ref: object = {},
): object => ({
  parentRef: { name, ...ref },
  controllerName,
  conditions,
});
const merge = (live: object | undefined, desired: object | undefined): unknown =>
  mergeStatus({ live, desired: desired as never, controllers, namespace: 'ns' });

describe('entries of several controllers', () => {
  const foreign = entry('a', 'else.example/c', [condition('Accepted', 'False', '1')]);

  test('only ours are touched, in their place', () => {
    const live = { parents: [entry('a', ours, []), foreign, entry('gone', ours, [])] };
    const desired = {
      parents: [entry('b', ours, []), entry('a', ours, [condition('Accepted', 'True', '9')])],
    };
    expect(merge(live, desired)).toEqual({
      parents: [entry('a', ours, [condition('Accepted', 'True', '9')]), foreign, entry('b', ours, [])],
    });
  });

  test('what an API server fills in makes no other entry', () => {
    const live = {
      parents: [
        entry('a', ours, [], { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'ns' }),
      ],
    };
    expect(merge(live, { parents: [entry('a', ours, [])] })).toEqual({ parents: [entry('a', ours, [])] });
    expect(merge(live, live)).toBeUndefined();
  });

  test('nothing said any more takes ours off, and leaves a Gateway alone', () => {
    expect(merge({ parents: [entry('a', ours, []), foreign] }, undefined)).toEqual({ parents: [foreign] });
    expect(merge({ parents: [foreign] }, undefined)).toBeUndefined();
    expect(merge({ conditions: [condition('Accepted', 'True', '1')] }, undefined)).toBeUndefined();
  });

  test('no more entries than the API takes, and none of others goes for it', () => {
    const live = { parents: Array.from({ length: 31 }, (_, i) => entry(`p${i}`, 'else.example/c', [])) };
    const desired = { parents: [entry('a', ours, []), entry('b', ours, [])] };
    expect((merge(live, desired) as { parents: object[] }).parents).toHaveLength(32);
  });
});

describe('conditions', () => {
  test('the time stays where the status does; types of others stay; ours that are no longer said go', () => {
    const live = {
      conditions: [
        condition('Accepted', 'True', 'old'),
        condition('example.com/Audited', 'True', 'theirs'),
        condition('PartiallyInvalid', 'True', 'old'),
        condition('Programmed', 'False', 'old'),
      ],
    };
    const desired = {
      conditions: [
        condition('Programmed', 'True', 'new'),
        condition('Accepted', 'True', 'new', { message: 'other' }),
      ],
    };
    expect(merge(live, desired)).toEqual({
      conditions: [
        condition('Accepted', 'True', 'old', { message: 'other' }),
        condition('example.com/Audited', 'True', 'theirs'),
        condition('Programmed', 'True', 'new'),
      ],
    });
  });

  test('equal save for the time is equal, in listeners too', () => {
    const status = (at: string): object => ({
      conditions: [condition('Accepted', 'True', at)],
      listeners: [{ name: 'l', attachedRoutes: 1, conditions: [condition('Accepted', 'True', at)] }],
    });
    expect(merge(status('old'), status('new'))).toBeUndefined();
  });

  test.each([undefined, null, 'x', [], { parents: 'x' }, { conditions: [null, 1, {}] }])(
    'a live status of any shape is merged: %j',
    (live) => {
      expect(merge(live as never, { parents: [entry('a', ours, [])] })).toEqual({
        parents: [entry('a', ours, [])],
      });
    },
  );
});

test('Events tell what is new and somebody must mend, and nothing that waits for us', () => {
  const bad = condition('ResolvedRefs', 'False', '1', { reason: 'BackendNotFound', message: 'no Service b' });
  const pending = condition('Programmed', 'False', '1', { reason: 'Pending' });
  const status = { conditions: [pending], parents: [entry('gw', ours, [bad], { sectionName: 'http' })] };
  expect(noticesOf({}, status)).toEqual([
    { reason: 'BackendNotFound', note: 'Gateway gw listener http: ResolvedRefs: no Service b' },
  ]);
  expect(noticesOf(status, status)).toEqual([]);
});

/** Times of the writes to an object of which something new is said at the given times. */
function writesAt(changesMs: readonly number[], endMs: number): number[] {
  let pace: Pace | undefined;
  let waits = false;
  const changes = new Set(changesMs);
  const at: number[] = [];
  for (let nowMs = 0; nowMs <= endMs; nowMs++) {
    if (changes.has(nowMs)) {
      waits = true;
      pace = pace === undefined ? undefined : said(pace, nowMs);
    }
    if (!waits || mayWriteAtMs(pace) > nowMs) continue;
    at.push(nowMs);
    waits = false;
    pace = written(pace, nowMs);
  }
  return at;
}

describe('how often one object is written', () => {
  const everyMs = (endMs: number): number[] => Array.from({ length: endMs + 1 }, (_, ms) => ms);

  test('at once, then less and less often while it keeps changing', () => {
    expect(writesAt(everyMs(8000), 8000)).toEqual([0, 60, 180, 420, 900, 1860, 3780, 6780]);
  });

  test('soon after the last change, however long it went on', () => {
    const [last] = writesAt(everyMs(7000), 20_000).slice(-1);
    expect(last).toBe(7400);
    const [soonest] = writesAt(everyMs(6790), 20_000).slice(-1);
    expect(soonest).toBe(7280);
  });

  test('no more than twice a second for what changes now and then', () => {
    const changes = Array.from({ length: 100 }, (_, i) => i * 450);
    expect(writesAt(changes, 45_000).length).toBeLessThanOrEqual(4 + 2 * 45);
  });

  test('new again after a pause', () => {
    const pace = written(written(undefined, 0), 60);
    expect(pace.gapMs).toBe(120);
    expect(written(pace, 5061).gapMs).toBe(60);
  });
});

describe('conditions on objects that are everybody’s', () => {
  const ours = condition('sluice.dev/L7Accepted', 'False', '1', {
    reason: 'InvalidAnnotation',
    message: 'no',
  });
  const theirs = condition('LoadBalancerPortsError', 'True', '1');

  test('the last address of a load balancer is taken out by name, once', () => {
    const balancer = { ingress: [{ ip: '192.0.2.1' }] };
    expect(merge({ loadBalancer: balancer }, { loadBalancer: {} })).toEqual({
      loadBalancer: { ingress: null },
    });
    expect(merge({ loadBalancer: {} }, { loadBalancer: {} })).toBeUndefined();
    expect(merge({ loadBalancer: {} }, { loadBalancer: balancer })).toEqual({ loadBalancer: balancer });
  });

  test('ours go when we say nothing any more, by our domain; all else stays', () => {
    const live = { loadBalancer: {}, conditions: [theirs, ours] };
    expect(merge(live, undefined)).toEqual({ conditions: [theirs] });
    expect(merge({ loadBalancer: {}, conditions: [theirs] }, undefined)).toBeUndefined();
    expect(merge(live, { conditions: [] })).toEqual({ conditions: [theirs] });
  });

  test('what is wrong with an annotation is told', () => {
    expect(noticesOf({}, { conditions: [ours] })).toEqual([
      { reason: 'InvalidAnnotation', note: 'sluice.dev/L7Accepted: no' },
    ]);
  });
});
