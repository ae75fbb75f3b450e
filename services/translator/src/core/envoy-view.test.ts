import { describe, expect, test } from 'vitest';
import { datapathAck, envoyAck } from '../scenario.fixture.ts';
import { EnvoyBook } from './envoy-view.ts';
import { programmedBy } from './gateway-status.ts';

const at = (seq: number, epoch = 1) => ({ epoch, seq });

function book() {
  const envoys = new EnvoyBook();
  envoys.want('default/gw', at(5));
  const view = () => new Map(envoys.drain()).get('default/gw');
  view();
  return { envoys, view };
}

describe('EnvoyBook', () => {
  test('waits for each Envoy until it has the revision, epoch first', () => {
    const { envoys, view } = book();
    envoys.take(envoyAck('a', { acked: at(4) }));
    envoys.take(envoyAck('b', { acked: at(1, 2) }));
    envoys.take(envoyAck('c', { acked: null }));
    expect(view()).toEqual({ connected: 3, waiting: ['a', 'c'], silent: [] });
    envoys.take(envoyAck('a', { acked: at(5) }));
    envoys.take(envoyAck('c', { acked: at(9) }));
    expect(view()).toEqual({ connected: 3, waiting: [], silent: [] });
  });

  test('an acknowledgement touches no Gateway that waits for nothing', () => {
    const { envoys, view } = book();
    envoys.take(envoyAck('a', { acked: at(5) }));
    view();
    envoys.take(envoyAck('a', { acked: at(6) }));
    expect(envoys.drain()).toEqual([]);
  });

  test('does not wait for those that are silent, or known only to a silent server', () => {
    const { envoys, view } = book();
    envoys.take(envoyAck('a', { acked: at(5) }));
    envoys.take(envoyAck('b', { state: 'silent', acked: null }));
    envoys.take(envoyAck('c', { server: 'xds-server-1', acked: null }));
    envoys.setSign('xds-server-1', 'silent');
    expect(view()).toEqual({ connected: 3, waiting: [], silent: ['b', 'c'] });
    envoys.setSign('xds-server-1', 'given');
    expect(view()).toEqual({ connected: 3, waiting: ['c'], silent: ['b'] });
  });

  test('an Envoy that went over to another server counts by its newest acknowledgement', () => {
    const { envoys, view } = book();
    envoys.take(envoyAck('a', { server: 'xds-server-0', acked: at(4) }));
    envoys.take(envoyAck('a', { server: 'xds-server-1', acked: at(5) }));
    expect(view()).toEqual({ connected: 1, waiting: [], silent: [] });
    envoys.take(envoyAck('a', { server: 'xds-server-0', state: 'disconnected', acked: at(4) }));
    expect(envoys.drain()).toEqual([]);
  });

  test('a server that starts has no Envoys yet', () => {
    const { envoys, view } = book();
    envoys.take(envoyAck('a', { acked: at(5) }));
    envoys.take({ type: 'XdsServerStarted', server: 'xds-server-0' });
    expect(view()).toEqual({ connected: 0, waiting: [], silent: [] });
  });

  test('datapaths of nodes are waited for beside Envoys, save those that are silent or whose agent has ended', () => {
    const { envoys, view } = book();
    envoys.take(envoyAck('a', { acked: at(5) }));
    for (const [node, seq] of [
      ['n1', 4],
      ['n2', 5],
      ['n3', 1],
      ['n4', 1],
    ] as const)
      envoys.take(datapathAck(node, { acked: at(seq), state: node === 'n4' ? 'stopped' : 'running' }));
    envoys.setSign('bpf-agent-n3', 'silent');
    const waits = view();
    expect(waits).toEqual({
      ...{ connected: 1, waiting: [], silent: [] },
      datapaths: { waiting: ['n1'], silent: ['n3'] },
    });
    expect(waits && programmedBy(waits)).toEqual({
      status: 'False',
      reason: 'Pending',
      message: 'waiting for the datapath of node n1; datapath silent and not waited for on node n3',
    });
    envoys.take(datapathAck('n1', { acked: at(5) }));
    const done = view();
    expect(done && programmedBy(done)).toMatchObject({
      status: 'True',
      message:
        'every connected Envoy and the datapath of every node have taken it; datapath silent and not waited for on node n3',
    });
    envoys.take(datapathAck('n2', { acked: at(6) }));
    expect(envoys.drain()).toEqual([]);
  });

  test('who is gone is not named: datapaths of nodes, and Envoys that only a server that is gone knows', () => {
    const { envoys, view } = book();
    envoys.take(envoyAck('a', { acked: at(5) }));
    envoys.take(envoyAck('a', { server: 'xds-server-1', acked: at(4) }));
    envoys.take(envoyAck('b', { server: 'xds-server-1', acked: at(4) }));
    for (const node of ['n1', 'n2']) envoys.take(datapathAck(node, { acked: node === 'n1' ? at(5) : null }));
    for (const server of ['xds-server-1', 'bpf-agent-n2']) envoys.setSign(server, 'silent');
    expect(view()).toEqual({
      ...{ connected: 2, waiting: [], silent: ['b'] },
      datapaths: { waiting: [], silent: ['n2'] },
    });
    for (const server of ['xds-server-1', 'bpf-agent-n2']) envoys.setSign(server, 'gone');
    expect(view()).toEqual({
      ...{ connected: 1, waiting: [], silent: [] },
      datapaths: { waiting: [], silent: [] },
    });
    envoys.setSign('bpf-agent-n2', 'given');
    expect(view()?.datapaths).toEqual({ waiting: ['n2'], silent: [] });
    for (const agent of ['bpf-agent-n1', 'bpf-agent-n2']) envoys.setSign(agent, 'gone');
    expect(view()).toEqual({ connected: 1, waiting: [], silent: [] });
  });

  test('a Gateway that changes waits anew, one that is gone is told', () => {
    const { envoys, view } = book();
    envoys.take(envoyAck('a', { acked: at(5) }));
    envoys.want('default/gw', at(7));
    expect(view()?.waiting).toEqual(['a']);
    envoys.want('default/gw', undefined);
    expect(envoys.drain()).toEqual([['default/gw', undefined]]);
  });
});
