import type { IrPathMatch } from '@sluice/ir';
import { comparePrecedence } from '@sluice/ir';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forward, match, route, rule } from '../testing/ir.ts';
import { type PathScope, PathTree } from './path-tree.ts';
import { candidatesOf, type RevisedCandidate, routeId } from './route.ts';

const limit = 32;
const revision = { epoch: 1, seq: 1 };
const segment = fc.constantFrom('a', 'b', 'c', 'd', '');
const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => `/${segments.join('/')}`);
const pathMatch: fc.Arbitrary<IrPathMatch> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('exact' as const), value: path }) },
  {
    weight: 5,
    arbitrary: path.map((value) => ({ type: 'prefix' as const, value: value.replace(/\/+$/, '') || '/' })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('/a/.*', '/.*', '/a/b/[a-d]*', '/b', '(/a|/b)/c').map((value) => ({
      type: 'regex' as const,
      value,
    })),
  },
);

function candidate(name: string, value: IrPathMatch): RevisedCandidate {
  const action = forward('a');
  const [only] = candidatesOf({
    route: route(name, [rule(action, { matches: [match({ path: value })] })]),
    revision,
  });
  if (only === undefined) throw new Error('a route of one match has one candidate');
  return only;
}

function matches({ route: { rules } }: RevisedCandidate, subject: string): boolean {
  const value = rules[0]?.matches[0]?.path;
  if (value === undefined) return false;
  if (value.type === 'exact') return value.value === subject;
  if (value.type === 'regex') return new RegExp(`^(?:${value.value})$`).test(subject);
  return value.value === '/' || subject === value.value || subject.startsWith(`${value.value}/`);
}

function first(candidates: readonly RevisedCandidate[], subject: string): string | undefined {
  const [winner] = candidates
    .filter((each) => matches(each, subject))
    .sort((a, b) => comparePrecedence(a, b).order);
  return winner && routeId(winner);
}

/** As the scripts do: down as far as scopes go, then up until something matches. */
function lookUp(scopes: ReadonlyMap<string, PathScope>, subject: string): string | undefined {
  const segments = subject.slice(1).split('/');
  let at = '';
  for (const next of segments) {
    if (scopes.get(at)?.split !== true || !scopes.has(`${at}/${next}`)) break;
    at = `${at}/${next}`;
  }
  for (;;) {
    const found = first(scopes.get(at)?.candidates ?? [], subject);
    if (found !== undefined || at === '') return found;
    at = at.slice(0, at.lastIndexOf('/'));
  }
}

function shown(scopes: ReadonlyMap<string, PathScope>) {
  return [...scopes.values()]
    .map(({ path: at, split, candidates }) => ({ at, split, ids: candidates.map(routeId).sort() }))
    .sort((a, b) => (a.at < b.at ? -1 : 1));
}

test('whatever changes led to it, a tree finds what one sorted list finds, and its scopes are those of a new one', () => {
  const entries = fc.array(pathMatch, { minLength: 1, maxLength: 4 * limit, size: 'max' });
  const edits = fc.array(fc.array(fc.nat({ max: 200 }), { maxLength: 80, size: 'max' }), {
    maxLength: 4,
    size: 'max',
  });
  fc.assert(
    fc.property(entries, edits, fc.array(path, { minLength: 30 }), (values, rounds, subjects) => {
      const tree = new PathTree(limit);
      const present = new Map<number, RevisedCandidate>();
      const scopes = new Map<string, PathScope>();
      for (const round of [values.map((_, n) => n), ...rounds]) {
        for (const each of round) {
          const n = each % values.length;
          const value = values[n] as IrPathMatch;
          if (present.delete(n)) tree.remove(`${n}`, value);
          else {
            present.set(n, candidate(`r${n}`, value));
            tree.put(`${n}`, value, candidate(`r${n}`, value));
          }
        }
        for (const { path: at, scope } of tree.take(false)) {
          if (scope === undefined) scopes.delete(at);
          else scopes.set(at, scope);
        }
        const list = [...present.values()];
        expect(subjects.map((subject) => lookUp(scopes, subject))).toEqual(
          subjects.map((subject) => first(list, subject)),
        );
        const fresh = new PathTree(limit);
        for (const [n, each] of present) fresh.put(`${n}`, values[n] as IrPathMatch, each);
        const made = fresh.take(false).flatMap(({ scope }) => scope ?? []);
        expect(shown(scopes)).toEqual(shown(new Map(made.map((scope) => [scope.path, scope]))));
        expect(tree.take(false)).toEqual([]);
      }
    }),
    { numRuns: 40 },
  );
});

const prefix = (n: number): IrPathMatch => ({ type: 'prefix', value: `/svc-${n}` });

function service(count: number): PathTree {
  const tree = new PathTree(limit);
  for (let n = 0; n < count; n++) tree.put(`${n}`, prefix(n), candidate(`r${n}`, prefix(n)));
  return tree;
}

test('few matches are one scope, many are one for each segment', () => {
  expect(service(limit).take(false)).toHaveLength(1);
  const changes = service(limit + 1).take(false);
  expect(changes).toHaveLength(limit + 2);
  // Those below come first: an Envoy has them when it looks for them.
  expect(changes.at(-1)?.path).toBe('');
});

test.each([
  ['a match of its own segment', prefix(7), ['/svc-7']],
  ['a new segment', prefix(10_001), ['/svc-10001']],
  ['a match of every path', { type: 'prefix', value: '/' }, ['']],
  ['an expression that can only match in one segment', { type: 'regex', value: '/svc-7/[0-9]+' }, ['/svc-7']],
] as const)('of 10,000 segments, %s touches its own scope', (_what, value, expected) => {
  const tree = service(10_000);
  tree.take(false);
  tree.put('new', value, candidate('new', value));
  expect(tree.take(false).map(({ path: at }) => at)).toEqual(expected);
});

test('10,000 matches under one segment are split by the next, and by the one after it', () => {
  const tree = new PathTree(limit);
  const of = (n: number): IrPathMatch => ({ type: 'prefix', value: `/api/v1/svc-${n}` });
  for (let n = 0; n < 10_000; n++) tree.put(`${n}`, of(n), candidate(`r${n}`, of(n)));
  tree.take(false);
  tree.put('7', of(7), candidate('r7', of(7)));
  expect(tree.take(false).map(({ path: at }) => at)).toEqual(['/api/v1/svc-7']);
});
