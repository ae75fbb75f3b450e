import { HeaderValueOption_HeaderAppendAction } from '@sluice/envoy-api/envoy/config/core/v3/base_pb.js';
import type { IrHeaderEdit } from '@sluice/ir';
import { expect, test } from 'vitest';
import { headerOptions, hostEdit } from './header-edit.ts';

type Steps = readonly (readonly [name: string, value: string])[];

function edit(set: Steps, add: Steps, remove: readonly string[]): IrHeaderEdit {
  const named = (steps: Steps) => steps.map(([name, value]) => ({ name, value }));
  return { set: named(set), add: named(add), remove: [...remove] };
}

/** What Envoy does with the options: removes, then sets, then adds, wherever they stand in the list. */
function run(
  before: Record<string, string>,
  edits: readonly (IrHeaderEdit | undefined)[],
): Record<string, string> {
  const { remove, add } = headerOptions(...edits);
  const headers = { ...before };
  for (const name of remove) delete headers[name];
  const { OVERWRITE_IF_EXISTS_OR_ADD, APPEND_IF_EXISTS_OR_ADD } = HeaderValueOption_HeaderAppendAction;
  for (const action of [OVERWRITE_IF_EXISTS_OR_ADD, APPEND_IF_EXISTS_OR_ADD])
    for (const { header, appendAction } of add) {
      if (appendAction !== action) continue;
      const { key = '', value = '' } = header ?? {};
      const old = action === APPEND_IF_EXISTS_OR_ADD ? headers[key] : undefined;
      headers[key] = old === undefined ? value : `${old},${value}`;
    }
  return headers;
}

test.each([
  ['set replaces, add appends', {}, [edit([['a', '1']], [['a', '2']], [])], { a: '1,2' }],
  ['removal is last', { a: '0' }, [edit([['a', '1']], [], ['a'])], {}],
  ['a removal takes away what was there', { a: '0', b: '0' }, [edit([], [], ['a'])], { b: '0' }],
  [
    'the second edit sees the result of the first',
    { a: '0' },
    [edit([], [['a', '1']], []), edit([], [['a', '2']], [])],
    { a: '0,1,2' },
  ],
  [
    'added again after a removal',
    { a: '0' },
    [edit([], [['a', '1']], ['a']), edit([], [['a', '2']], [])],
    { a: '2' },
  ],
  [
    'a later set takes away what was added',
    { a: '0' },
    [edit([], [['a', '1']], []), edit([['a', '2']], [], [])],
    { a: '2' },
  ],
  [
    'added again after a set',
    {},
    [edit([['a', '1']], [], []), edit([['a', '2']], [], []), edit([], [['a', '3']], [])],
    { a: '2,3' },
  ],
  ['a later removal wins', { a: '0' }, [edit([['a', '1']], [], []), edit([], [], ['a'])], {}],
  ['absent edits change nothing', { a: '0' }, [undefined, undefined], { a: '0' }],
])('%s', (_what, before, edits, after) => {
  expect(run(before, edits)).toEqual(after);
});

test('a percent sign is text, not the start of a command', () => {
  const [option] = headerOptions(edit([['a', '%REQ(:path)% 100%']], [], [])).add;
  expect(option?.header?.value).toBe('%%REQ(:path)%% 100%%');
});

test('Host is not among the headers: it is a host rewrite', () => {
  const edits = edit([['host', 'inner']], [], ['host']);
  expect(headerOptions(edits)).toEqual({ remove: [], add: [] });
  expect(hostEdit(edits)).toBe('inner');
  expect(hostEdit(undefined)).toBe(undefined);
});
