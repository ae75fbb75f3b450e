import { expect, test } from 'vitest';
import { withoutTransitionTimes, withTransitionTimes } from './status.ts';

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
