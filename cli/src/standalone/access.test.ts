import { domains, streams } from '@sluice/events';
import { expect, it } from 'vitest';
import { accessOf, natsUsers } from './access.ts';

// There a message may hold events on all subjects of its domain, and NATS looks at one of them (ADR 0003).
it('gives the right to write facts for whole domains alone', () => {
  const { FACTS } = streams;
  expect(FACTS.keepPerSubject).toBeUndefined();
  const written = natsUsers.flatMap((user) => accessOf(user, ['xds-server-0']).writes.FACTS ?? []);
  const ofFacts = Object.entries(domains).filter(([, stream]) => stream === 'FACTS');
  expect(new Set(written)).toEqual(new Set(ofFacts.map(([domain]) => `${domain}.v1.>`)));
});

it('gives the right to write the IR, where a message may hold anything, to one service', () => {
  expect(streams.IR.transactional).toBe(true);
  const writers = natsUsers.filter((user) => (accessOf(user, []).writes.IR ?? []).length > 0);
  expect(writers).toEqual(['translator']);
});
