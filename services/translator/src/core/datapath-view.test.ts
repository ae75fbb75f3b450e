import { describe, expect, test } from 'vitest';
import { datapathAck } from '../scenario.fixture.ts';
import { DatapathBook } from './datapath-view.ts';

const at = (seq: number) => ({ epoch: 1, seq });
const done = { waiting: false, faults: [], full: [] };

function book(...wanted: readonly (readonly [string, number])[]) {
  const datapaths = new DatapathBook();
  for (const [service, seq] of wanted) datapaths.want(service, at(seq));
  return { datapaths, drained: () => Object.fromEntries(datapaths.drain()) };
}

describe('DatapathBook', () => {
  test('says nothing while no agent runs, and of each Service once one does', () => {
    const { datapaths, drained } = book(['a/a', 3], ['a/b', 5]);
    expect(drained()).toEqual({ 'a/a': undefined, 'a/b': undefined });
    datapaths.take(datapathAck('n1', { acked: at(4) }));
    expect(drained()).toEqual({ 'a/a': done, 'a/b': { ...done, waiting: true } });
    datapaths.take(datapathAck('n1', { acked: at(4), state: 'stopped' }));
    expect(drained()).toEqual({ 'a/a': undefined, 'a/b': undefined });
  });

  test('an acknowledgement touches those that wait alone, and only when all nodes have come so far', () => {
    const { datapaths, drained } = book(['a/a', 3], ['a/b', 5]);
    datapaths.take(datapathAck('n1', { acked: at(4) }));
    datapaths.take(datapathAck('n2', { acked: at(4) }));
    drained();
    datapaths.take(datapathAck('n1', { acked: at(5) }));
    expect(drained()).toEqual({ 'a/b': { ...done, waiting: true } });
    datapaths.take(datapathAck('n2', { acked: at(5) }));
    expect(drained()).toEqual({ 'a/b': done });
    datapaths.take(datapathAck('n1', { acked: at(9) }));
    expect(drained()).toEqual({});
  });

  test('who is silent is not waited for, unless all are', () => {
    const { datapaths, drained } = book(['a/b', 5]);
    datapaths.take(datapathAck('n1', { acked: at(5) }));
    datapaths.take(datapathAck('n2', { acked: null }));
    expect(drained()).toEqual({ 'a/b': { ...done, waiting: true } });
    datapaths.setSign('bpf-agent-n2', 'silent');
    expect(drained()).toEqual({ 'a/b': done });
    datapaths.setSign('bpf-agent-n1', 'silent');
    expect(drained()).toEqual({ 'a/b': { ...done, waiting: true } });
    datapaths.setSign('bpf-agent-n1', 'given');
    expect(drained()).toEqual({ 'a/b': done });
  });

  test('who is gone counts no more, neither for what it has nor for what it had no room for, until it is there again', () => {
    const { datapaths, drained } = book(['a/a', 3], ['a/b', 5]);
    const leftOut = { maps: ['lb_slots'], count: 1, services: ['a/a'] };
    const full = ['n2 (lb_slots)'];
    datapaths.take(datapathAck('n1', { acked: at(5) }));
    datapaths.take(datapathAck('n2', { acked: at(4), leftOut }));
    expect(drained()).toEqual({ 'a/a': { ...done, full }, 'a/b': { ...done, waiting: true } });
    datapaths.setSign('bpf-agent-n2', 'silent');
    expect(drained()).toEqual({ 'a/b': done });
    datapaths.setSign('bpf-agent-n2', 'gone');
    expect(drained()).toEqual({ 'a/a': done });
    datapaths.setSign('bpf-agent-n2', 'given');
    expect(drained()).toEqual({ 'a/a': { ...done, full }, 'a/b': { ...done, waiting: true } });
    datapaths.setSign('bpf-agent-n2', 'gone');
    datapaths.setSign('bpf-agent-n1', 'gone');
    expect(drained()).toEqual({ 'a/a': undefined, 'a/b': undefined });
  });

  test('a fault is named where it holds a Service up, and room that is missing by node and Service', () => {
    const { datapaths, drained } = book(['a/a', 3], ['a/b', 5]);
    const leftOut = { maps: ['lb_slots'], count: 1, services: ['a/a'] };
    datapaths.take(datapathAck('n1', { acked: at(4), fault: 'why', leftOut }));
    const full = ['n1 (lb_slots)'];
    expect(drained()).toEqual({
      'a/a': { ...done, full },
      'a/b': { waiting: true, faults: ['n1: why'], full: [] },
    });
    datapaths.take(datapathAck('n1', { acked: at(4) }));
    expect(drained()).toEqual({ 'a/a': done, 'a/b': { ...done, waiting: true } });
  });

  test('forgets all, and Services that are gone', () => {
    const { datapaths, drained } = book(['a/a', 3]);
    datapaths.take(datapathAck('n1'));
    datapaths.want('a/a', undefined);
    expect(drained()).toEqual({ 'a/a': undefined });
    datapaths.want('a/b', at(1));
    datapaths.reset();
    expect(drained()).toEqual({ 'a/b': undefined });
  });
});
