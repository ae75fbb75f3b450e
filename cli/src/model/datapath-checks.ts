// Checks of `sluice status` on the datapath of each node. In: what agents wrote on the log, and what they answered just now; out: lines
// with cause and next command.
import { compareRevisions, type DatapathAnswer, formatRevision, type MapFill } from '@sluice/events';
import { compareText } from '@sluice/ir';
import type { Check } from './checks.ts';
import type { DatapathDescription, DatapathState, World } from './world.ts';

/** Nodes that are told one by one; of more only those with something wrong are. */
const mostNodes = 4;

/** What is lost without a hook, and whether the datapath can do without. */
const hookUses: Readonly<Record<string, { readonly needed: boolean; readonly without: string }>> = {
  cgroup_connect: { needed: true, without: 'no connection of a process here reaches a Service' },
  cgroup_sendmsg: { needed: true, without: 'no datagram of a process here reaches a Service' },
  cgroup_recvmsg: { needed: true, without: 'answers of UDP Services come from an address nobody asked' },
  cgroup_getpeername: {
    needed: true,
    without: 'processes see the endpoint where they asked for the Service',
  },
  cgroup_getsockopt: { needed: true, without: 'an Envoy is not told which address its client connected to' },
  sock_ops: { needed: true, without: 'an Envoy is not told which address its client connected to' },
  tcx: { needed: false, without: 'tc takes its place' },
  tc: { needed: false, without: 'nothing from outside reaches a Service where tcx is missing too' },
  ringbuf: { needed: false, without: 'there are no flows' },
};
const unused = 'nothing uses it yet';

/** Checks of all nodes that an agent has spoken for, sorted by node. */
export function datapathChecks(world: World, answers: ReadonlyMap<string, DatapathAnswer>): Check[] {
  const nodes = [...new Set([...world.datapaths.keys(), ...world.datapathNodes.keys()])].sort(compareText);
  const checks = nodes.map((node) =>
    nodeChecks({
      node,
      state: world.datapaths.get(node),
      described: world.datapathNodes.get(node),
      answer: answers.get(node),
      newest: world.committed?.revision,
    }),
  );
  if (nodes.length === 0) return offCheck(world);
  if (nodes.length <= mostNodes) return checks.flat();
  const bad = checks.filter((of) => of.some(({ state }) => state !== 'ok'));
  const cause = `${nodes.length - bad.length} of ${nodes.length} nodes are well`;
  return [
    { id: 'datapath', state: 'ok', cause, next: '' },
    ...bad.flatMap((of) => of.filter(({ state }) => state !== 'ok')),
  ];
}

/** Services with addresses of their own that no agent serves. */
export function unservedServices(world: World): number {
  return world.datapaths.size > 0 ? 0 : world.ir.group('l4-service').size;
}

function offCheck(world: World): Check[] {
  const count = unservedServices(world);
  if (count === 0) return [];
  const cause = `off: nothing leads to the addresses of ${count === 1 ? 'a Service' : `${count} Services`}`;
  return [{ id: 'datapath', state: 'ok', cause, next: 'sluice up --help: --datapath' }];
}

interface Node {
  readonly node: string;
  readonly state: DatapathState | undefined;
  readonly described: DatapathDescription | undefined;
  readonly answer: DatapathAnswer | undefined;
  readonly newest: Parameters<typeof formatRevision>[0] | undefined;
}

function nodeChecks(of: Node): Check[] {
  return [agentCheck(of), ...hookChecks(of), ...mapChecks(of)];
}

function agentCheck({ node, state, described, answer, newest }: Node): Check {
  const id = `datapath/${node}`;
  const next = 'sluice log --stream ACKS --since 10m';
  const check = (found: Check['state'], cause: string): Check => ({
    ...{ id, state: found, cause },
    next: found === 'ok' ? '' : next,
  });
  const acked = state?.acked ?? null;
  const held =
    acked === null ? 'no revision is in its maps' : `its maps hold revision ${formatRevision(acked)}`;
  if (state?.state === 'stopped') return check('warn', `its agent has ended; ${held}, which stay in force`);
  if (answer === undefined) return check('warn', `its agent does not answer; ${held}, which stay in force`);
  if (answer.kind === 'fault') return check('fail', `${answer.message}; ${held}`);
  if (state === undefined) return check('warn', 'nothing has been written to its maps yet');
  if (state.fault !== '') return check('fail', `${state.fault}; ${held}`);
  const { leftOut } = state;
  if (leftOut !== undefined)
    return {
      ...{ id, state: 'fail', cause: `${leftOut.maps.join(', ')} full: ${listed(leftOut)} left out` },
      next: 'sluice get services',
    };
  if (acked === null || (newest !== undefined && compareRevisions(acked, newest) < 0))
    return check('warn', `${held}, the newest is ${newest === undefined ? 'none' : formatRevision(newest)}`);
  return check('ok', `${held}${described === undefined ? '' : `; ${loadedText(described)}`}`);
}

function listed({ count, services }: NonNullable<DatapathState['leftOut']>): string {
  const shown = services.slice(0, 5);
  const rest = count - shown.length;
  return `Service${count === 1 ? '' : 's'} ${shown.join(', ')}${rest === 0 ? '' : ` and ${rest} more`}`;
}

function loadedText({ version, kernel, libbpf, object }: DatapathDescription): string {
  const by = `agent ${version}, libbpf ${libbpf.replace(/^v/, '')}, kernel ${kernel}`;
  if (object === null) return `${by}, nothing loaded`;
  const verified =
    object.verifiedInstructions === 0
      ? ''
      : `, at most ${object.verifiedInstructions} instructions of a program verified`;
  return `${by}, programs ${object.hash.slice(0, 12)} ${object.outcome} in ${object.loadMs} ms${verified}`;
}

function hookChecks({ node, described }: Node): Check[] {
  if (described === undefined) return [];
  const id = `datapath/${node}/hooks`;
  const next = 'sluice log --stream ACKS --type DatapathDescribed -o json';
  const { hooks, missingCapabilities } = described;
  if (missingCapabilities.length > 0)
    return [{ id, state: 'fail', cause: `the agent has not ${missingCapabilities.join(', ')}`, next }];
  const missing = hooks.filter(({ reason }) => reason !== '');
  const there = hooks.filter(({ reason }) => reason === '').map(({ hook }) => hook);
  const words = missing.map(
    ({ hook, reason }) => `no ${hook} (${reason}): ${hookUses[hook]?.without ?? unused}`,
  );
  const isNeeded = (hook: string): boolean => hookUses[hook]?.needed === true;
  const outside = ['tcx', 'tc'].every((hook) => missing.some((one) => one.hook === hook));
  const state =
    missing.some(({ hook }) => isNeeded(hook)) || (outside && described.interfaces.length > 0)
      ? 'fail'
      : missing.some(({ hook }) => hook === 'ringbuf')
        ? 'warn'
        : 'ok';
  const cause = [there.join(', ') || 'none', ...words].join('; ');
  return [{ id, state, cause, next: state === 'ok' ? '' : next }];
}

/** Maps whose oldest entries make room for new ones: full is not too full. */
const forgetting: ReadonlySet<string> = new Set([
  'lb_affinity',
  'lb_sock_reverse',
  'lb_origins',
  'lb_conntrack',
  'lb_fragments',
]);

function mapChecks({ node, answer }: Node): Check[] {
  if (answer?.kind !== 'state') return [];
  const { maps, lost } = answer;
  const used = maps.filter(({ entries }) => entries > 0);
  const isTight = ({ map, entries, maxEntries }: MapFill): boolean =>
    !forgetting.has(map) && entries > 0.9 * maxEntries;
  const texts = used.map(
    ({ map, entries, maxEntries }) => `${map.replace(/^lb_/, '')} ${entries} of ${maxEntries}`,
  );
  const bytes = maps.reduce((sum, map) => sum + map.bytes, 0);
  const cause = [
    ...(texts.length === 0 ? ['all empty'] : texts),
    `${(bytes / 2 ** 20).toFixed(1)} MiB`,
    `${lost} events lost`,
  ].join(', ');
  const id = `datapath/${node}/maps`;
  return used.some(isTight)
    ? [{ id, state: 'warn', cause, next: 'sluice get services' }]
    : [{ id, state: 'ok', cause, next: '' }];
}
