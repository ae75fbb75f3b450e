import { expect, test } from 'vitest';
import { leaseSpec, moveFor, observe, readLease } from './lease.ts';

const leaseOf = (holder: string, version: string): object => ({
  metadata: { resourceVersion: version },
  spec: {
    holderIdentity: holder,
    leaseDurationSeconds: 15,
    acquireTime: 'a',
    renewTime: 'r',
    leaseTransitions: 2,
  },
});

test('a holder counts as gone when its lease has not changed for its duration as seen from here', () => {
  let seen = observe(undefined, readLease(leaseOf('other', '1')), 1000);
  expect(moveFor(seen, 'me', 16_000)).toBe('wait');
  expect(moveFor(seen, 'me', 16_001)).toBe('take');
  seen = observe(seen, readLease(leaseOf('other', '1')), 15_000);
  expect(moveFor(seen, 'me', 16_001)).toBe('take');
  seen = observe(seen, readLease(leaseOf('other', '2')), 15_000);
  expect(moveFor(seen, 'me', 16_001)).toBe('wait');
});

test('nobody has it, or I do', () => {
  expect(moveFor(observe(undefined, readLease({}), 0), 'me', 0)).toBe('take');
  expect(moveFor(observe(undefined, readLease(leaseOf('me', '1')), 0), 'me', 0)).toBe('renew');
});

test('what is written counts the changes of hands', () => {
  const by = { identity: 'me', durationMs: 15_000, now: 'n' };
  expect(leaseSpec(undefined, by)).toMatchObject({ leaseTransitions: 0, acquireTime: 'n' });
  expect(leaseSpec(readLease(leaseOf('other', '1')), by)).toMatchObject({
    leaseTransitions: 3,
    acquireTime: 'n',
  });
  expect(leaseSpec(readLease(leaseOf('me', '1')), by)).toMatchObject({
    leaseTransitions: 2,
    acquireTime: 'a',
    renewTime: 'n',
    leaseDurationSeconds: 15,
  });
});
