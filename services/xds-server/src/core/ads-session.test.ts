import { beforeEach, expect, test } from 'vitest';
import { assignment, cluster, drainMs, resource, SessionBench, scope } from '../testing/session-bench.ts';
import { wireName } from './sent-scope.ts';
import { xdsKinds } from './type-urls.ts';
import type { XdsRef } from './xds-resource.ts';

let bench: SessionBench;
beforeEach(() => {
  bench = new SessionBench();
});

function openAll(routes: readonly string[] = [], endpoints: readonly string[] = []): void {
  bench.ask('cluster');
  bench.ask('endpoint', { subscribe: endpoints });
  bench.ask('listener');
  bench.ask('route', { subscribe: routes });
}

const table = (name: string, uses: string[], version?: string) =>
  resource(
    'route',
    name,
    version,
    uses.map((each) => ({ kind: 'cluster', name: each })),
  );
const listenerOf = (route: string, ...secrets: string[]) =>
  resource('listener', route, '1', [
    { kind: 'route', name: route },
    ...secrets.map((name): XdsRef => ({ kind: 'secret', name })),
  ]);

test('an Envoy without anything is told that there is nothing, once, and one that has something is not', () => {
  bench.commit();
  bench.ask('cluster');
  expect(bench.take()).toEqual(['cluster: ']);
  bench.ask('cluster', { nonce: '1' });
  bench.ask('listener', { initialVersions: new Map([['x', '1']]) });
  expect(bench.take()).toEqual(['listener: -x']);
});

test('a route waits for its cluster to be acknowledged, which takes its endpoints along', () => {
  bench.commit(listenerOf('t'), table('t', []));
  openAll(['t']);
  bench.settle();
  bench.commit(cluster('a'), assignment('a'), table('t', ['a'], '2'));
  expect(bench.take()).toEqual(['cluster: a@1', 'endpoint: a@1']);
  expect(bench.session.acked()).toEqual({ epoch: 1, seq: 1 });
  bench.ask('endpoint', { nonce: '5', subscribe: ['a'] });
  expect(bench.take()).toEqual(['endpoint: a@1']);
  bench.ask('cluster', { nonce: '4' });
  expect(bench.take()).toEqual(['route: t@2']);
  bench.ask('endpoint', { nonce: '6' });
  expect(bench.session.acked()).toEqual({ epoch: 1, seq: 1 });
  bench.ask('route', { nonce: '7' });
  expect(bench.session.acked()).toEqual({ epoch: 1, seq: 2 });
});

test('a cluster is removed only when no table that the Envoy may use names it, and the drain is over', () => {
  bench.commit(
    cluster('a'),
    assignment('a'),
    cluster('b'),
    assignment('b'),
    listenerOf('t'),
    table('t', ['a']),
  );
  openAll(['t'], ['a', 'b']);
  bench.settle();
  bench.commit({ kind: 'cluster', name: 'a' }, { kind: 'endpoint', name: 'a' }, table('t', ['b'], '2'));
  expect(bench.take()).toEqual(['route: t@2']);
  bench.now = 100_000;
  bench.poll();
  expect(bench.take()).toEqual([]);
  const nonce = '5';
  bench.ask('route', { nonce });
  expect(bench.session.acked()).toEqual({ epoch: 1, seq: 2 });
  expect(bench.session.nextPollMs()).toBe(100_000 + drainMs);
  bench.now += drainMs;
  bench.poll();
  expect(bench.take()).toEqual(['cluster: -a']);
});

test('a listener that was removed and still drains does not keep the clusters of its table', () => {
  bench.commit(cluster('a'), assignment('a'), listenerOf('t'), table('t', ['a']));
  openAll(['t'], ['a']);
  bench.settle();
  bench.commit(
    ...(['cluster', 'endpoint'] as const).map((kind) => ({ kind, name: 'a' })),
    { kind: 'listener', name: 't' },
    { kind: 'route', name: 't' },
  );
  expect(bench.take()).toEqual(['listener: -t']);
  expect(bench.session.nextPollMs()).toBe(undefined);
  bench.ask('listener', { nonce: '5' });
  expect(bench.session.nextPollMs()).toBe(drainMs);
  bench.now = drainMs;
  bench.poll();
  expect(bench.take()).toEqual(['cluster: -a']);
});

test('a listener that comes back does not begin with the table that the old one drains with', () => {
  bench.commit(listenerOf('t'), table('t', []));
  openAll(['t']);
  bench.settle();
  bench.commit({ kind: 'listener', name: 't' }, { kind: 'route', name: 't' });
  bench.settle();
  bench.commit(listenerOf('t'), table('t', [], '2'));
  expect(bench.take()).toEqual(['route: t@2']);
  bench.ask('route', { nonce: '5' });
  expect(bench.take()).toEqual(['listener: t@1']);
});

test('a cluster that comes back during the drain stays as it is', () => {
  bench.commit(cluster('a'), assignment('a'));
  openAll([], ['a']);
  bench.settle();
  bench.commit({ kind: 'cluster', name: 'a' }, { kind: 'endpoint', name: 'a' });
  bench.commit(cluster('a'), assignment('a'));
  bench.now = drainMs * 2;
  bench.poll();
  expect(bench.take()).toEqual([]);
  expect(bench.session.nextPollMs()).toBe(undefined);
  expect(bench.session.acked()).toEqual({ epoch: 1, seq: 3 });
});

test('a slow Envoy gets the newest version of each resource, and nothing twice', () => {
  bench.commit(listenerOf('t'), table('t', []));
  openAll(['t']);
  bench.settle();
  for (let version = 2; version <= 50; version++) bench.commit(table('t', [], String(version)));
  expect(bench.take()).toEqual(['route: t@2']);
  // The version under way is that of revision 2; of the later ones only the last is sent.
  bench.ask('route', { nonce: '4' });
  expect(bench.session.acked()).toEqual({ epoch: 1, seq: 2 });
  expect(bench.take()).toEqual(['route: t@50']);
  bench.ask('route', { nonce: '5' });
  expect(bench.session.acked()).toEqual({ epoch: 1, seq: 50 });
});

test.each([[1], [2], [3], [64]])(
  'of %i resources the two at the ends are guilty: bisection finds them, the others are delivered',
  (count) => {
    const guilty = new Set(['t0', `t${count - 1}`]);
    const names = Array.from({ length: count }, (_, n) => `t${n}`);
    bench.commit(...names.map((name) => listenerOf(name)), ...names.map((name) => table(name, [])));
    openAll(names);
    let responses = 0;
    const accepted: string[] = [];
    for (;;) {
      const waiting = bench.sent.splice(0);
      if (waiting.length === 0) break;
      for (const { kind, nonce, resources } of waiting) {
        responses += 1;
        const bad = resources.some((each) => kind === 'route' && guilty.has(each.name));
        if (!bad && kind === 'route') accepted.push(...resources.map((each) => each.name));
        bench.ask(kind, { nonce, error: bad ? 'no' : undefined });
      }
    }
    expect(bench.refused.map((refusal) => refusal.name).sort()).toEqual([...guilty].sort());
    expect(accepted.sort()).toEqual(names.filter((name) => !guilty.has(name)).sort());
    expect(responses).toBeLessThan(10 + 4 * Math.log2(count + 1));
    // What is refused is not waited for.
    expect(bench.session.acked()).toEqual({ epoch: 1, seq: 1 });
  },
);

test('a refused version is not sent again; the next one is, and lifts the refusal', () => {
  bench.commit(listenerOf('t'), table('t', []));
  openAll(['t']);
  bench.settle();
  bench.commit(table('t', [], '2'));
  bench.answer('route', 'no');
  expect(bench.refused).toMatchObject([
    { name: 't', version: '2', message: 'no', lastGood: { version: '1' } },
  ]);
  bench.take();
  bench.ask('route', { subscribe: ['t'] });
  expect(bench.take()).toEqual(['route: t@1']);
  bench.ask('route', { nonce: '5' });
  bench.commit(table('t', [], '3'));
  expect(bench.take()).toEqual(['route: t@3']);
  bench.ask('route', { nonce: '6' });
  expect(bench.cleared).toHaveLength(1);
  expect(bench.quarantine.size).toBe(0);
});

test('a refusal is over, too, where the resource goes back to what the Envoy has', () => {
  bench.commit(listenerOf('t'), table('t', []));
  openAll(['t']);
  bench.settle();
  bench.commit(table('t', [], '2'));
  bench.answer('route', 'no');
  bench.take();
  bench.commit(table('t', [], '1'));
  expect(bench.take()).toEqual([]);
  expect(bench.cleared).toMatchObject([{ name: 't', version: '2' }]);
  expect(bench.quarantine.size).toBe(0);
});

test('a table of a refused cluster is not held back, and a refused listener does not hold the acknowledgement back', () => {
  bench.commit(
    cluster('bad'),
    assignment('bad'),
    listenerOf('t'),
    table('t', ['bad']),
    listenerOf('u'),
    table('u', []),
  );
  bench.ask('cluster');
  bench.answer('cluster', 'no');
  expect(bench.refused).toHaveLength(1);
  bench.ask('endpoint');
  bench.ask('listener');
  bench.take();
  bench.ask('route', { subscribe: ['t', 'u'] });
  expect(bench.take()).toEqual(['route: t@1 u@1']);
});

test('a listener waits for its secrets, and is not acknowledged without them', () => {
  bench.commit(listenerOf('t', 's'), table('t', []));
  openAll(['t']);
  bench.ask('secret', { subscribe: ['s'] });
  bench.settle();
  expect(bench.session.acked()).toBe(null);
  bench.commit(resource('secret', 's'));
  expect(bench.take()).toEqual(['secret: s@1', 'listener: t@1']);
  bench.ask('secret', { nonce: '4' });
  bench.ask('listener', { nonce: '5' });
  expect(bench.session.acked()).toEqual({ epoch: 1, seq: 2 });
});

test('an Envoy that brings the newest versions along has acknowledged them', () => {
  bench.commit(cluster('a'), assignment('a'), listenerOf('t'), table('t', ['a']));
  const have = (name: string) => ({ subscribe: [name], initialVersions: new Map([[name, '1']]) });
  bench.ask('cluster', { initialVersions: new Map([['a', '1']]) });
  bench.ask('endpoint', have('a'));
  bench.ask('listener', { initialVersions: new Map([['t', '1']]) });
  expect(bench.session.acked()).toBe(null);
  bench.ask('route', have('t'));
  expect(bench.take()).toEqual([]);
  expect(bench.session.acked()).toEqual({ epoch: 1, seq: 1 });
});

test('names listed beside a wildcard do not end the wildcard', () => {
  bench.commit(cluster('a'));
  bench.ask('cluster', { subscribe: ['*', 'a'], initialVersions: new Map([['a', '1']]) });
  bench.commit(cluster('b'));
  expect(bench.take()).toEqual(['cluster: b@1']);
});

test('what the Envoy no longer asks for is not sent, and an old nonce says nothing', () => {
  bench.commit(listenerOf('t'), table('t', []));
  openAll(['t']);
  bench.settle();
  bench.ask('route', { unsubscribe: ['t'] });
  bench.commit(table('t', [], '2'));
  expect(bench.take()).toEqual([]);
  bench.ask('route', { subscribe: ['t'] });
  expect(bench.take()).toEqual(['route: t@2']);
  bench.ask('route', { nonce: 'stale', error: 'no' });
  expect(bench.refused).toEqual([]);
});

test('an answer overdue by 30 s is silence', () => {
  bench.commit(cluster('a'));
  bench.ask('cluster');
  bench.now = 29_999;
  expect(bench.session.isSilent(bench.now, 30_000)).toBe(false);
  bench.now = 30_000;
  expect(bench.session.isSilent(bench.now, 30_000)).toBe(true);
  bench.answer('cluster');
  expect(bench.session.isSilent(bench.now, 30_000)).toBe(false);
});

test('kinds are pushed in the order that nothing breaks in', () => {
  expect(xdsKinds).toEqual(['cluster', 'endpoint', 'secret', 'scope', 'listener', 'route']);
});

test('an Envoy gets all its first scopes in one response, for it goes live with them', () => {
  const names = Array.from({ length: 5_000 }, (_, n) => `l|h${n}`);
  bench.commit(resource('listener', 'l'), ...names.map((name) => scope(name, [])));
  bench.openScoped();
  expect(bench.sent.map(({ kind, resources }) => [kind, resources.length])).toEqual([['scope', 5_000]]);
  bench.settle();
  expect(bench.session.acked()).toEqual({ epoch: 1, seq: 1 });
});

test('a scope waits for its cluster, and a new listener for its scopes once scopes are asked for', () => {
  bench.commit(resource('listener', 'l'), scope('l|a', []));
  bench.openScoped();
  bench.settle();
  bench.commit(cluster('a'), assignment('a'), resource('listener', 'm'), scope('m|a', ['a']));
  expect(bench.accept()).toEqual(['cluster: a@1', 'endpoint: a@1']);
  expect(bench.accept()).toEqual(['scope: m|a@1']);
  expect(bench.accept()).toEqual(['listener: m@1']);
});

test('a scope is removed once what takes its place is acknowledged, and with its listener once that is gone', () => {
  bench.commit(resource('listener', 'l'), scope('l|a', []), scope('l|a/x', []));
  bench.openScoped();
  bench.settle();
  bench.commit(scope('l|a', [], '2'), { kind: 'scope', name: 'l|a/x' });
  // Later changes do not hold it up.
  bench.commit(scope('l|a', [], '3'));
  expect(bench.accept()).toEqual(['scope: l|a@2']);
  expect(bench.accept()).toEqual(['scope: l|a@3 -l|a/x']);
  expect(bench.session.acked()).toEqual({ epoch: 1, seq: 3 });
  bench.commit({ kind: 'listener', name: 'l' }, { kind: 'scope', name: 'l|a' });
  expect(bench.accept()).toEqual(['listener: -l']);
  expect(bench.accept()).toEqual(['scope: -l|a']);
});

test('scopes are not waited for while no listener is there to ask for them', () => {
  bench.commit(resource('listener', 'l'), scope('l|a', []));
  bench.ask('cluster');
  bench.ask('listener');
  const nonce = bench.sent.findLast(({ kind }) => kind === 'listener')?.nonce ?? '';
  bench.ask('listener', { nonce, error: 'no' });
  expect(bench.refused.map(({ name }) => name)).toEqual(['l']);
  bench.sent.splice(0);
  bench.settle();
  bench.ask('cluster', { nonce: '1' });
  expect(bench.session.acked()).toEqual({ epoch: 1, seq: 1 });
});

test('an Envoy that asks for scopes again, after it had none to ask for, gets them all', () => {
  bench.commit(resource('listener', 'l'), scope('l|a', []));
  bench.openScoped();
  bench.settle();
  bench.ask('scope', { unsubscribe: ['*'] });
  bench.take();
  bench.ask('scope', { subscribe: ['*'] });
  expect(bench.take()).toEqual(['scope: l|a@1']);
});

test('a scope of a long name is sent, known again, refused and removed under its short one', () => {
  const name = 'l|a-long-hostname.shop.example';
  const short = wireName(name);
  expect(short).not.toBe(name);
  bench.commit(resource('listener', 'l'), scope(name, []));
  bench.ask('cluster');
  bench.ask('listener');
  bench.settle();
  bench.ask('scope', { initialVersions: new Map([[short, '1']]) });
  expect(bench.take()).toEqual([]);
  bench.commit(scope(name, [], '2'));
  expect(bench.take()).toEqual([`scope: ${short}@2`]);
  bench.ask('scope', { nonce: '3', error: `${short}: no such thing` });
  expect(bench.refused.map(({ name: refused, message }) => [refused, message])).toEqual([
    [name, `${name}: no such thing`],
  ]);
  bench.settle();
  bench.commit({ kind: 'scope', name });
  expect(bench.take()).toEqual([`scope: -${short}`]);
});

test('what an Envoy told of before the log was read is known by the time that it is read', () => {
  const named = (word: string): string => `l|${word}-hostname.shop.example`;
  const held = ['same', 'changed', 'gone'].map((word) => [wireName(named(word)), '1'] as const);
  bench.ask('cluster');
  bench.settle();
  // Nothing is sent meanwhile: the hub waits for the log.
  const kinds = { listener: new Map([['l', '1']]), scope: new Map(held) };
  for (const kind of ['listener', 'scope'] as const) {
    const request = { kind, subscribe: [], unsubscribe: [], nonce: '', error: undefined };
    bench.session.receive(bench.session.inOwnNames({ ...request, initialVersions: kinds[kind] }), bench.now);
  }
  bench.commit(resource('listener', 'l'), scope(named('same'), []), scope(named('changed'), [], '2'));
  expect(bench.accept()).toEqual([`scope: ${wireName(named('changed'))}@2 -${wireName(named('gone'))}`]);
  expect(bench.accept()).toEqual([]);
  expect(bench.session.acked()).toEqual({ epoch: 1, seq: 1 });
});
