import { expect, test } from 'vitest';
import type { XdsRequest, XdsResponse } from '../core/xds-messages.ts';
import { cluster } from '../testing/ir.ts';
import { type EnvoyState, XdsHub } from './xds-hub.ts';

const clusters: XdsRequest = {
  kind: 'cluster',
  subscribe: [],
  unsubscribe: [],
  initialVersions: new Map(),
  nonce: '',
  error: undefined,
};

function newHub() {
  const told: EnvoyState[] = [];
  const sent: XdsResponse[] = [];
  const nothing = () => undefined;
  const hub = new XdsHub({
    settings: { trustedHops: 0 },
    layout: 'plain',
    findKeyPair: () => undefined,
    refusals: [],
    drainMs: 0,
    silentMs: 30_000,
    now: () => 0,
    events: {
      envoyChanged: (state) => told.push(state),
      refused: nothing,
      cleared: nothing,
      answered: nothing,
      sent: nothing,
    },
  });
  const connect = () => hub.connect('n', (response) => sent.push(response));
  return { hub, told, sent, connect };
}

const put = (seq: number) => {
  const resource = cluster('a', { connectTimeoutMs: seq });
  return { kind: resource.kind, key: resource.key, resource, revision: { epoch: 1, seq } };
};

test('nothing is sent before the first revision, nor below what an Envoy has acknowledged before', () => {
  const { hub, sent, connect } = newHub();
  connect().receive(clusters);
  expect(sent).toEqual([]);
  hub.setFloor({ epoch: 1, seq: 5 });
  hub.commit([put(4)], { epoch: 1, seq: 4 });
  expect(sent).toEqual([]);
  hub.commit([put(5)], { epoch: 1, seq: 5 });
  expect(sent.map((response) => response.resources.length)).toEqual([1]);
  hub.stop();
});

test('a later epoch is not below, however small its sequence; a lost stream lifts the floor', () => {
  const { hub, sent, connect } = newHub();
  connect().receive(clusters);
  hub.setFloor({ epoch: 1, seq: 5 });
  hub.commit([put(1)], { epoch: 2, seq: 1 });
  expect(sent).toHaveLength(1);
  hub.setFloor({ epoch: 9, seq: 9 });
  connect().receive(clusters);
  expect(sent).toHaveLength(1);
  hub.setFloor(undefined);
  expect(sent).toHaveLength(2);
  hub.stop();
});

test('an old stream that ends late does not say that its Envoy is gone; equal states are told once', () => {
  const { hub, told, connect } = newHub();
  hub.commit([], { epoch: 1, seq: 1 });
  const old = connect();
  old.receive(clusters);
  const renewed = connect();
  renewed.receive(clusters);
  renewed.receive(clusters);
  old.close();
  const connected = { node: 'n', state: 'connected', acked: { epoch: 1, seq: 1 } };
  expect(told).toEqual([connected, connected]);
  renewed.close();
  renewed.close();
  expect(told.slice(2)).toEqual([{ ...connected, state: 'disconnected' }]);
  expect(hub.connected).toBe(0);
  hub.stop();
});

test('an empty log is told to Envoys that have nothing, and takes nothing from those that have something', () => {
  const { hub, sent, connect } = newHub();
  connect().receive({ ...clusters, initialVersions: new Map([['a', '1']]) });
  hub.setEmpty();
  expect(sent).toEqual([]);
  connect().receive(clusters);
  expect(sent).toEqual([{ kind: 'cluster', nonce: '1', resources: [], removed: [] }]);
  hub.stop();
});
