import { describe, expect, test } from 'vitest';
import { Graph } from './graph.ts';

describe('map', () => {
  test('follows its source and forgets what is deleted', () => {
    const graph = new Graph();
    const numbers = graph.source<number>('numbers');
    const doubled = graph.map(numbers, 'doubled', (n) => n * 2);
    numbers.set('a', 1);
    numbers.set('b', 2);
    expect(doubled.size).toBe(0);
    graph.commit();
    numbers.delete('a');
    graph.commit();
    expect(doubled.entries()).toEqual([['b', 4]]);
  });

  test('one commit carries through however many writes', () => {
    const graph = new Graph();
    const numbers = graph.source<number>('numbers');
    const even = graph.countBy(numbers, 'even', (n) => (n % 2 === 0 ? ['even'] : []));
    for (let n = 0; n < 1_001; n += 1) numbers.set(`n${n}`, n);
    graph.commit();
    expect(numbers.size).toBe(1_001);
    expect(even.get('even')).toBe(501);
  });

  test('an equal write runs nothing', () => {
    const graph = new Graph();
    const objects = graph.source<{ a: number; b?: number | undefined }>('objects');
    graph.map(objects, 'seen', (o) => o.a);
    objects.set('k', { a: 1 });
    graph.commit();
    objects.set('k', { b: undefined, a: 1 });
    graph.commit();
    expect(graph.counts().get('seen')).toBe(1);
  });

  test('equal output stops propagation', () => {
    const graph = new Graph();
    const numbers = graph.source<number>('numbers');
    const parity = graph.map(numbers, 'parity', (n) => n % 2);
    graph.map(parity, 'after', (p) => p);
    numbers.set('k', 1);
    graph.commit();
    numbers.set('k', 3);
    graph.commit();
    expect(graph.counts().get('parity')).toBe(2);
    expect(graph.counts().get('after')).toBe(1);
  });

  test('equality is pluggable', () => {
    const graph = new Graph();
    const words = graph.source<string>('words', { equal: (a, b) => a.toLowerCase() === b.toLowerCase() });
    const seen = graph.map(words, 'seen', (w) => w);
    words.set('k', 'Tea');
    graph.commit();
    words.set('k', 'TEA');
    graph.commit();
    expect(seen.get('k')).toBe('Tea');
  });
});

test('a key of any of several collections is there until the last one has lost it', () => {
  const graph = new Graph();
  const [a, b] = [graph.source<number>('a'), graph.source<number>('b')];
  const either = graph.anyOf([a, b], 'either');
  graph.map(either, 'seen', () => true);
  a.set('k', 1);
  graph.commit();
  b.set('k', 1);
  a.delete('k');
  graph.commit();
  expect(either.entries()).toEqual([['k', true]]);
  expect(graph.counts().get('seen')).toBe(1);
  b.delete('k');
  graph.commit();
  expect(either.size).toBe(0);
});

describe('fetch', () => {
  test('runs again when what was read changes, also where it was absent', () => {
    const graph = new Graph();
    const names = graph.source<string>('names');
    const routes = graph.source<string>('routes');
    const resolved = graph.map(routes, 'resolved', (to, _key, fetch) => fetch(names, to) ?? 'missing');
    routes.set('r1', 'x');
    routes.set('r2', 'y');
    graph.commit();
    expect(resolved.entries()).toEqual([
      ['r1', 'missing'],
      ['r2', 'missing'],
    ]);
    names.set('x', 'found');
    graph.commit();
    expect(resolved.get('r1')).toBe('found');
    expect(graph.counts().get('resolved')).toBe(3);
  });

  test('forgets what a later run no longer reads', () => {
    const graph = new Graph();
    const names = graph.source<string>('names');
    const routes = graph.source<string>('routes');
    graph.map(routes, 'resolved', (to, _key, fetch) => fetch(names, to) ?? 'missing');
    routes.set('r', 'x');
    graph.commit();
    routes.set('r', 'y');
    graph.commit();
    names.set('x', 'found');
    graph.commit();
    expect(graph.counts().get('resolved')).toBe(2);
  });

  test('refuses to read what is made later', () => {
    const graph = new Graph();
    const source = graph.source<number>('source');
    const holder: { later?: ReturnType<Graph['source']> } = {};
    graph.map(source, 'early', (_v, key, fetch) =>
      holder.later === undefined ? undefined : fetch(holder.later, key),
    );
    holder.later = graph.source('late');
    source.set('k', 1);
    expect(() => graph.commit()).toThrow('early may not read late');
  });
});

describe('keep', () => {
  interface Named {
    readonly name: string;
  }

  test('text comes back as it was, and an equal text runs nothing', () => {
    const graph = new Graph();
    const objects = graph.source<Named>('objects', { keep: 'text' });
    const names = graph.map(objects, 'names', (o) => o.name);
    const held = { name: 'a' };
    objects.set('k', held);
    graph.commit();
    expect(objects.get('k')).toEqual(held);
    expect(objects.get('k')).not.toBe(held);
    objects.set('k', { name: 'a' });
    graph.commit();
    expect(names.entries()).toEqual([['k', 'a']]);
    expect(graph.counts().get('names')).toBe(1);
  });

  test('nothing is made anew when it is read, without counting as a run', () => {
    const graph = new Graph();
    const names = graph.source<string>('names');
    const objects = graph.source<string>('objects');
    let made = 0;
    const views = graph.map(
      objects,
      'views',
      (to, _key, fetch) => {
        made += 1;
        return { to: fetch(names, to) };
      },
      { keep: 'nothing' },
    );
    const output = graph.output(views);
    objects.set('k', 'n');
    graph.commit();
    expect(output.drain()).toEqual([{ key: 'k', before: undefined, after: { to: undefined } }]);
    names.set('n', 'x');
    graph.commit();
    expect(views.get('k')).toEqual({ to: 'x' });
    expect(made).toBe(3);
    expect(graph.counts().get('views')).toBe(2);
    objects.delete('k');
    graph.commit();
    expect(views.size).toBe(0);
    expect(output.drain()).toEqual([{ key: 'k', before: undefined, after: undefined }]);
  });

  test('what keeps nothing cannot be grouped', () => {
    const graph = new Graph();
    const objects = graph.source<string>('objects');
    const views = graph.map(objects, 'views', (o) => o, { keep: 'nothing' });
    expect(() => graph.countBy(views, 'counts', (o) => [o])).toThrow('views does not keep');
  });

  test('equal values of several keys are one', () => {
    const graph = new Graph();
    const objects = graph.source<readonly string[]>('objects', { keep: 'shared' });
    objects.set('a', ['x']);
    objects.set('b', ['x']);
    graph.commit();
    expect(objects.get('b')).toBe(objects.get('a'));
  });
});

describe('flatMap', () => {
  test('takes back the pairs that an input no longer gives', () => {
    const graph = new Graph();
    const lists = graph.source<string[]>('lists');
    const items = graph.flatMap(lists, 'items', (list, key) => list.map((item) => [item, key] as const));
    lists.set('l', ['a', 'b']);
    graph.commit();
    lists.set('l', ['b', 'c']);
    graph.commit();
    expect(items.keys()).toEqual(['b', 'c']);
  });

  test('the smallest input key is seen, whatever came first', () => {
    const graph = new Graph();
    const lists = graph.source<string[]>('lists');
    const items = graph.flatMap(lists, 'items', (list, key) => list.map((item) => [item, key] as const));
    lists.set('z', ['a']);
    graph.commit();
    lists.set('m', ['a']);
    graph.commit();
    expect(items.get('a')).toBe('m');
    lists.delete('m');
    graph.commit();
    expect(items.get('a')).toBe('z');
  });
});

describe('groups', () => {
  test('an index tells of members that come and go, not of their values', () => {
    const graph = new Graph();
    const items = graph.source<{ in: string; v: number }>('items');
    const index = graph.indexBy(items, 'index', (item) => [item.in]);
    const sizes = graph.map(index, 'sizes', (group) => group.size);
    items.set('b', { in: 'g', v: 1 });
    items.set('a', { in: 'g', v: 1 });
    graph.commit();
    expect(index.get('g')?.members()).toEqual(['a', 'b']);
    items.set('a', { in: 'g', v: 2 });
    graph.commit();
    expect(graph.counts().get('sizes')).toBe(1);
    items.set('a', { in: 'h', v: 2 });
    graph.commit();
    expect(sizes.entries()).toEqual([
      ['g', 1],
      ['h', 1],
    ]);
  });

  test('a count among 10,000 members costs one step and reads no neighbour', () => {
    const graph = new Graph();
    const items = graph.source<string>('items');
    const counts = graph.countBy(items, 'counts', (item) => [item]);
    for (let i = 0; i < 10_000; i++) items.set(`i${i}`, 'all');
    graph.commit();
    const before = graph.transforms;
    items.delete('i77');
    graph.commit();
    expect(counts.get('all')).toBe(9_999);
    expect(graph.transforms - before).toBe(1);
  });
});

describe('output', () => {
  test('gives net changes over several commits', () => {
    const graph = new Graph();
    const items = graph.source<number>('items');
    const output = graph.output(items);
    items.set('stays', 1);
    items.set('gone', 1);
    graph.commit();
    items.delete('gone');
    items.set('late', 2);
    graph.commit();
    expect(output.drain()).toEqual([
      { key: 'late', before: undefined, after: 2 },
      { key: 'stays', before: undefined, after: 1 },
    ]);
    items.set('late', 3);
    graph.commit();
    items.set('late', 2);
    graph.commit();
    expect(output.drain()).toEqual([]);
  });
});
