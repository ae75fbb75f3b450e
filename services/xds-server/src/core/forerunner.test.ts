import { beforeEach, expect, test } from 'vitest';
import { assignment, cluster, resource, SessionBench, scope } from '../testing/session-bench.ts';
import { forerunnerName } from './forerunner.ts';

const forerunner = resource('listener', forerunnerName);
const many = Array.from({ length: 5_000 }, (_, n) => scope(`l|h${n}`, ['a']));
const listener = resource('listener', 'l', '1', [{ kind: 'scope', name: 'l|*' }]);
const first = [cluster('a'), assignment('a'), listener, scope('l|*', [])];

let bench: SessionBench;
beforeEach(() => {
  bench = new SessionBench(() => forerunner);
});

/** An Envoy that was told that there is nothing, and so has started. */
function started(): void {
  bench.ask('cluster');
  bench.ask('listener');
  bench.settle();
}

const counted = () => bench.sent.map(({ kind, resources }) => `${kind} ${resources.length}`);

test('many scopes come in parts behind a forerunner, and the listener follows the last of them', () => {
  started();
  bench.commit(...first, ...many);
  bench.ask('endpoint', { subscribe: ['a'] });
  expect(bench.accept()).toEqual(['cluster: a@1', `listener: ${forerunnerName}@1`, 'endpoint: a@1']);
  bench.ask('scope');
  expect(counted()).toEqual(['scope 2000']);
  // A change meanwhile is no reason to go live with less.
  bench.commit(scope('l|h7', ['a'], '2'));
  bench.accept();
  expect(counted()).toEqual(['scope 2000']);
  bench.accept();
  expect(counted()).toEqual(['scope 1002']);
  expect(bench.session.acked()).toBe(null);
  bench.accept();
  expect(bench.accept()).toEqual(['listener: l@1']);
  expect(bench.session.acked()).toEqual({ epoch: 1, seq: 2 });
  expect(bench.accept()).toEqual([`listener: -${forerunnerName}`]);
  expect(bench.accept()).toEqual([]);
});

test('an Envoy that is about to start gets its listeners at once: it waits for all their scopes', () => {
  bench.commit(...first, ...many);
  bench.openScoped(['a']);
  expect(counted()).toEqual(['scope 5001']);
});

test('few scopes need no forerunner', () => {
  started();
  bench.commit(...first, ...many.slice(0, 900));
  expect(counted()).toEqual(['cluster 1', 'listener 1']);
  expect(bench.sent[1]?.resources).toEqual([listener]);
});

test('an Envoy that refuses the forerunner gets all its scopes in one response, and nothing is told of it', () => {
  started();
  bench.commit(...first, ...many);
  bench.answer('listener', 'no such thing');
  expect(bench.refused).toEqual([]);
  expect(bench.sent.at(-1)?.resources).toEqual([listener]);
  bench.settle();
  bench.ask('scope');
  expect(counted()).toEqual(['scope 5001']);
});

test('an Envoy that asks for its first scopes before it has their clusters waits for all of them', () => {
  started();
  bench.commit(...first, ...many.slice(0, 10));
  bench.answer('listener');
  bench.sent.splice(1);
  bench.ask('scope');
  expect(counted()).toEqual(['cluster 1']);
  bench.accept();
  expect(counted()).toEqual(['scope 11']);
});

test('the forerunner stays where a listener without scopes is there first', () => {
  started();
  const tcp = resource('listener', 't', '1', [{ kind: 'cluster', name: 'a' }]);
  bench.commit(...first, tcp, ...many);
  bench.ask('endpoint', { subscribe: ['a'] });
  bench.settle();
  expect(bench.session.acked()).toBe(null);
  bench.ask('scope');
  const shown: string[] = [];
  while (bench.sent.length > 0) shown.push(...bench.accept().filter((each) => each.startsWith('listener')));
  expect(shown).toEqual(['listener: l@1', `listener: -${forerunnerName}`]);
  expect(bench.session.acked()).toEqual({ epoch: 1, seq: 1 });
});
