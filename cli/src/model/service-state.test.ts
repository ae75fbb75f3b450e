import { describe, expect, test } from 'vitest';
import { serviceStates } from './service-state.ts';
import { World } from './world.ts';

const condition = (type: string, status: string, reason: string, message: string) => ({
  ...{ type: `sluice.dev/${type}`, status, reason, message },
  ...{ observedGeneration: 0, lastTransitionTime: '2026-01-01T00:00:00Z' },
});

function stateOf(...conditions: readonly object[]) {
  const world = new World();
  const ref = { group: '', kind: 'Service', namespace: 'default', name: 'web' };
  world.statuses.set('|Service|default|web', { type: 'StatusChanged', ref, uid: '', status: { conditions } });
  const [state] = serviceStates(world);
  return { progress: state?.progress, message: state?.message };
}

const taken = condition('L4Conflicted', 'True', 'AddressTaken', 'belongs to another');

test('a Service with something wrong about its own addresses alone is not waited for', () => {
  expect(stateOf(taken)).toEqual({ progress: 'faulty', message: 'AddressTaken: belongs to another' });
  expect(stateOf()).toEqual({ progress: 'waiting', message: 'no status yet' });
});

test('beside a balancing of each request it is told, and hinders nothing', () => {
  const accepted = condition('L7Accepted', 'True', 'Accepted', '');
  const programmed = (status: string) => condition('L7Programmed', status, 'Pending', 'waits');
  expect(stateOf(accepted, programmed('True'), taken)).toEqual({
    progress: 'in-force',
    message: 'AddressTaken: belongs to another',
  });
  expect(stateOf(accepted, programmed('False'), taken)).toEqual({ progress: 'waiting', message: 'waits' });
});

describe('where the datapath runs', () => {
  const l4 = (status: string, reason: string) => condition('L4Programmed', status, reason, 'why');

  test('a Service that it has is not told of', () => {
    expect(stateOf(l4('True', 'Programmed'))).toEqual({ progress: undefined, message: undefined });
  });

  test('one that it has not yet is waited for, one that it cannot have is faulty', () => {
    expect(stateOf(l4('False', 'Pending'))).toEqual({ progress: 'waiting', message: 'why' });
    for (const reason of ['NoRoom', 'NotWritable', 'UnsupportedValue'])
      expect(stateOf(l4('False', reason))).toEqual({ progress: 'faulty', message: `${reason}: why` });
    expect(stateOf(l4('True', 'Programmed'), taken)).toEqual({
      progress: 'faulty',
      message: 'AddressTaken: belongs to another',
    });
  });

  test('one that Envoy has, and the datapath not yet, is waited for', () => {
    const accepted = condition('L7Accepted', 'True', 'Accepted', '');
    const programmed = condition('L7Programmed', 'True', 'Programmed', '');
    expect(stateOf(accepted, programmed, l4('False', 'Pending')).progress).toBe('waiting');
    expect(stateOf(accepted, programmed, l4('True', 'Programmed')).progress).toBe('in-force');
    expect(stateOf(accepted, programmed, l4('False', 'NoRoom'))).toEqual({
      progress: 'in-force',
      message: 'NoRoom: why',
    });
  });
});
