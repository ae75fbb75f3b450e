import fc from 'fast-check';
import { expect, test } from 'vitest';
import { transitionTimesOf, withoutTransitionTimes, withTransitionTimes } from './status.ts';

const condition = (type: string, status: string, reason = 'R') => ({
  type,
  status,
  reason,
  message: '',
  observedGeneration: 1,
});
const parent = (name: string, sectionName: string | undefined, status: string) => ({
  parentRef: { group: 'g', kind: 'Gateway', name, ...(sectionName === undefined ? {} : { sectionName }) },
  controllerName: 'c',
  conditions: [condition('Accepted', status)],
});

test('every condition gets the time, and keeps it while its status stays', () => {
  const first = withTransitionTimes(
    { conditions: [condition('A', 'True'), condition('B', 'False')] },
    undefined,
    't1',
  );
  const second = withTransitionTimes(
    { conditions: [condition('B', 'True'), condition('A', 'True', 'Other')] },
    first,
    't2',
  );
  expect(second).toEqual({
    conditions: [
      { ...condition('B', 'True'), lastTransitionTime: 't2' },
      { ...condition('A', 'True', 'Other'), lastTransitionTime: 't1' },
    ],
  });
});

test('listeners are told apart by name, parents by their reference, wherever they stand in the list', () => {
  const status = (a: string, b: string) => ({
    listeners: [
      { name: 'x', conditions: [condition('A', a)] },
      { name: 'y', conditions: [condition('A', b)] },
    ],
    parents: [parent('gw', 'x', a), parent('gw', undefined, b)],
  });
  const first = withTransitionTimes(status('True', 'False'), undefined, 't1') as ReturnType<typeof status>;
  const turned = {
    listeners: [...status('True', 'True').listeners].reverse(),
    parents: [...status('True', 'True').parents].reverse(),
  };
  const second = withTransitionTimes(turned, first, 't2');
  const time = (path: string, i: number): unknown =>
    JSON.stringify((second as Record<string, unknown[]>)[path]?.[i]).match(
      /"lastTransitionTime":"(t\d)"/,
    )?.[1];
  expect([time('listeners', 0), time('listeners', 1)]).toEqual(['t2', 't1']);
  expect([time('parents', 0), time('parents', 1)]).toEqual(['t2', 't1']);
});

test('taking the times out gives back what went in', () => {
  const status = {
    addresses: [{ type: 'IPAddress', value: '1' }],
    conditions: [condition('A', 'True')],
    listeners: [],
  };
  expect(withoutTransitionTimes(withTransitionTimes(status, undefined, 't'))).toEqual(status);
});

test('the times of a status are all that the next one needs of it', () => {
  const conditions = fc.uniqueArray(
    fc
      .tuple(fc.constantFrom('Accepted', 'Programmed', 'Ready'), fc.constantFrom('True', 'False'))
      .map(([type, status]) => condition(type, status)),
    { selector: ({ type }) => type },
  );
  const ref = fc.record(
    {
      kind: fc.constantFrom('Gateway', 'Service'),
      name: fc.constantFrom('a', 'b'),
      port: fc.constantFrom(1, 2),
    },
    { requiredKeys: ['kind', 'name'] },
  );
  const statuses = fc.record(
    {
      conditions,
      parents: fc.uniqueArray(fc.record({ parentRef: ref, controllerName: fc.constant('c'), conditions }), {
        selector: ({ parentRef }) => JSON.stringify([parentRef.kind, parentRef.name, parentRef.port]),
      }),
      ancestors: fc.array(fc.record({ ancestorRef: ref, conditions }), { maxLength: 1 }),
      listeners: fc.uniqueArray(fc.record({ name: fc.constantFrom('x', 'y'), conditions }), {
        selector: ({ name }) => name,
      }),
      loadBalancer: fc.record({ conditions, ingress: fc.constant([{ ip: '10.0.0.1' }]) }),
      addresses: fc.constant([{ type: 'IPAddress', value: '10.0.0.1' }]),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(statuses, statuses, (before, after) => {
      const previous = withTransitionTimes(before, undefined, 't1');
      const times: unknown = JSON.parse(JSON.stringify(transitionTimesOf(previous) ?? null));
      expect(withTransitionTimes(after, times, 't2')).toEqual(withTransitionTimes(after, previous, 't2'));
    }),
  );
});
