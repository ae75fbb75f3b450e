import type { DatapathAnswer } from '@sluice/events';
import { describe, expect, test } from 'vitest';
import { datapathChecks } from './datapath-checks.ts';
import { type DatapathDescription, type DatapathState, World } from './world.ts';

const revision = { epoch: 1, seq: 7 };
const state = (given: Partial<DatapathState> = {}): DatapathState => ({
  ...{ type: 'DatapathStateChanged', agent: 'bpf-agent-n1', node: 'n1', state: 'running', acked: revision },
  ...{ fault: '', settings: { zone: '', ipv4: '', ipv6: '', tableSize: 251 }, mapsHash: '' },
  ...given,
});
const described = (given: Partial<DatapathDescription> = {}): DatapathDescription => ({
  ...{ type: 'DatapathDescribed', agent: 'bpf-agent-n1', version: '0.1.0', node: 'n1' },
  ...{ kernel: '6.12', libbpf: 'v1.7', missingCapabilities: [], cgroups: ['/sys/fs/cgroup'], interfaces: [] },
  hooks: [
    { hook: 'cgroup_connect', reason: '' },
    { hook: 'lsm', reason: 'not built in' },
  ],
  object: { hash: 'a'.repeat(64), outcome: 'adopted', loadMs: 12, verifiedInstructions: 4_711 },
  ...given,
});
const answer = (given: Partial<Extract<DatapathAnswer, { kind: 'state' }>> = {}): DatapathAnswer => ({
  ...{ kind: 'state', node: 'n1', revision, lost: 3 },
  maps: [
    { map: 'lb_slots', entries: 91, maxEntries: 100, bytes: 2 ** 20 },
    { map: 'lb_conntrack', entries: 10, maxEntries: 10, bytes: 2 ** 19 },
    { map: 'lb_peers', entries: 0, maxEntries: 10, bytes: 0 },
  ],
  ...given,
});
const checks = (of: {
  state?: DatapathState;
  described?: DatapathDescription;
  answer?: DatapathAnswer;
}): (readonly [string, string, string])[] => {
  const world = new World();
  if (of.state !== undefined) world.datapaths.set('n1', of.state);
  if (of.described !== undefined) world.datapathNodes.set('n1', of.described);
  world.committed = {
    ...{ type: 'RevisionCommitted', revision, changes: 1, factsSeq: 7, stateHash: '', translator: '' },
  } as unknown as NonNullable<World['committed']>;
  const answers = new Map(of.answer === undefined ? [] : [['n1', of.answer] as const]);
  return datapathChecks(world, answers).map(({ id, state: found, cause }) => [found, id, cause]);
};

describe('what is said of a node', () => {
  test('all is well: what was loaded, the hooks, and how full maps are', () => {
    expect(checks({ state: state(), described: described(), answer: answer() })).toEqual([
      [
        ...['ok', 'datapath/n1'],
        'its maps hold revision 1-7; agent 0.1.0, libbpf 1.7, kernel 6.12, programs aaaaaaaaaaaa adopted in 12 ms, at most 4711 instructions of a program verified',
      ],
      ['ok', 'datapath/n1/hooks', 'cgroup_connect; no lsm (not built in): nothing uses it yet'],
      ['warn', 'datapath/n1/maps', 'slots 91 of 100, conntrack 10 of 10, 1.5 MiB, 3 events lost'],
    ]);
  });

  test.each([
    [
      'warn',
      { state: state() },
      'its agent does not answer; its maps hold revision 1-7, which stay in force',
    ],
    [
      'warn',
      { state: state({ state: 'stopped' }) },
      'its agent has ended; its maps hold revision 1-7, which stay in force',
    ],
    [
      'fail',
      { state: state({ fault: 'no', acked: null }), answer: answer() },
      'no; no revision is in its maps',
    ],
    [
      'warn',
      { state: state({ acked: { epoch: 1, seq: 6 } }), answer: answer() },
      'its maps hold revision 1-6, the newest is 1-7',
    ],
    [
      'fail',
      {
        state: state({ leftOut: { maps: ['lb_slots'], count: 7, services: ['a/a', 'a/b'] } }),
        answer: answer(),
      },
      'lb_slots full: Services a/a, a/b and 5 more left out',
    ],
    [
      'fail',
      { state: state(), answer: { kind: 'fault' as const, node: 'n1', message: 'gone' } },
      'gone; its maps hold revision 1-7',
    ],
  ])('%s: %o', (found, of, cause) => {
    expect(checks(of)[0]).toEqual([found, 'datapath/n1', cause]);
  });

  test.each([
    ['fail', described({ missingCapabilities: ['CAP_BPF'] }), 'the agent has not CAP_BPF'],
    [
      'fail',
      described({ hooks: [{ hook: 'cgroup_connect', reason: 'forbidden' }] }),
      'none; no cgroup_connect (forbidden): no connection of a process here reaches a Service',
    ],
    [
      'warn',
      described({ hooks: [{ hook: 'ringbuf', reason: 'old' }] }),
      'none; no ringbuf (old): there are no flows',
    ],
    [
      'fail',
      described({
        interfaces: ['eth0'],
        hooks: ['tcx', 'tc'].map((hook) => ({ hook, reason: 'old' })),
      }),
      'none; no tcx (old): tc takes its place; no tc (old): nothing from outside reaches a Service where tcx is missing too',
    ],
  ])('%s where hooks are missing', (found, description, cause) => {
    const all = checks({ state: state(), described: description, answer: answer() });
    expect(all[1]).toEqual([found, 'datapath/n1/hooks', cause]);
  });
});

test('of many nodes those are told that are not well', () => {
  const world = new World();
  for (let index = 0; index < 6; index += 1) {
    const node = `n${index}`;
    world.datapaths.set(node, state({ node, state: index === 3 ? 'stopped' : 'running' }));
  }
  const answers = new Map(
    [...world.datapaths.keys()].map((node) => [node, answer({ node, maps: [] })] as const),
  );
  expect(datapathChecks(world, answers).map(({ id, cause }) => [id, cause])).toEqual([
    ['datapath', '5 of 6 nodes are well'],
    ['datapath/n3', expect.stringContaining('has ended')],
  ]);
});
