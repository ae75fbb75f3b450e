import { afterEach, expect, test, vi } from 'vitest';
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
  const outcomes: string[] = [];
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
      prepared: (outcome) => outcomes.push(outcome),
    },
  });
  const connect = () => hub.connect('n', (response) => sent.push(response));
  return { hub, told, sent, outcomes, connect };
}

const put = (seq: number) => {
  const resource = cluster('a', { connectTimeoutMs: seq });
  return { kind: resource.kind, key: resource.key, resource, revision: { epoch: 1, seq } };
};

afterEach(() => {
  vi.useRealTimers();
});

/** A hub that is up to date at revision 1, with an Envoy that has all. */
function currentHub() {
  const made = newHub();
  const stream = made.connect();
  made.hub.commit([put(1)], { epoch: 1, seq: 1 });
  made.hub.setCurrent();
  stream.receive(clusters);
  stream.receive({ ...clusters, nonce: made.sent[0]?.nonce ?? '' });
  return { ...made, stream };
}

const versionsOf = (sent: readonly XdsResponse[]) =>
  sent.map(({ resources }) => resources.map(({ version }) => version));

test('what is prepared is sent with its revision, once, and nobody sees it before', () => {
  const { hub, sent, outcomes, connect } = currentHub();
  const changes = [put(2)];
  hub.prepare(changes);
  const late = connect();
  late.receive(clusters);
  hub.setFloor({ epoch: 1, seq: 1 });
  expect(sent).toHaveLength(1);
  hub.commit(changes, { epoch: 1, seq: 2 });
  expect(outcomes).toEqual(['came']);
  const [first, ...others] = versionsOf(sent);
  expect(others).toHaveLength(2);
  expect(others[0]).toEqual(others[1]);
  expect(others[0]).not.toEqual(first);
  hub.stop();
});

test('what is prepared and does not come leaves no trace, and who waited is served', () => {
  vi.useFakeTimers();
  const { hub, sent, outcomes, connect } = currentHub();
  hub.prepare([put(2)]);
  connect().receive(clusters);
  expect(sent).toHaveLength(1);
  vi.advanceTimersByTime(1_000);
  expect(outcomes).toEqual(['void']);
  expect(sent).toHaveLength(2);
  expect(versionsOf(sent)[1]).toEqual(versionsOf(sent)[0]);
  hub.stop();
});

test('another revision than the one that was prepared takes its place', () => {
  const { hub, sent, outcomes } = currentHub();
  hub.prepare([put(7)]);
  hub.commit([put(3)], { epoch: 1, seq: 3 });
  expect(outcomes).toEqual(['void']);
  const plain = newHub();
  plain.connect().receive(clusters);
  plain.hub.commit([put(3)], { epoch: 1, seq: 3 });
  expect(versionsOf(sent).at(-1)).toEqual(versionsOf(plain.sent).at(-1));
  hub.stop();
  plain.hub.stop();
});

test('nothing is prepared before the log was read to its end', () => {
  const { hub, outcomes, connect, sent } = newHub();
  connect().receive(clusters);
  hub.prepare([put(1)]);
  hub.commit([put(1)], { epoch: 1, seq: 1 });
  expect([outcomes, sent.length]).toEqual([[], 1]);
  hub.stop();
});

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
