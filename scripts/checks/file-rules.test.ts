import { expect, test } from 'vitest';
import { faultsOf } from './file-rules.ts';

const host = ['registry', 'npmjs', 'org'].join('.');
const home = ['', 'root', '.cache'].join('/');

const rows: readonly (readonly [path: string, text: string, message: RegExp | undefined])[] = [
  ['packages/ir/src/a.ts', 'x\n'.repeat(500), undefined],
  ['packages/ir/src/a.ts', 'x\n'.repeat(501), /501 lines/],
  ['pnpm-lock.yaml', 'x\n'.repeat(501), undefined],
  ['services/translator/src/main.ts', 'x\n'.repeat(81), /main\.ts only wires/],
  ['services/translator/src/utils/a.ts', '', /name the folder/],
  ['README.md', `get it from https://${host}/x`, /registry's host/],
  ['docs/a.md', `see "${home}/x"`, /path of one machine/],
  ['docs/a.md', 'in the framework/root/x, $root/x, /home/user/x', undefined],
  ['docs/a.md', `see ${['', 'home', 'ada', 'x'].join('/')}`, /path of one machine/],
  ['services/translator/src/core/a.ts', 'const t = Date.now();', /clock/],
  ['services/translator/src/core/a.ts', '// never Date.now() here', undefined],
  ['services/translator/src/core/a.test.ts', 'const t = Date.now();', undefined],
  ['services/translator/src/adapters/a.ts', 'const t = Date.now();', undefined],
  ['services/translator/src/adapters/a.ts', 'process.env.HOME', /config\.ts/],
  ['services/translator/src/config.ts', 'process.env.HOME', undefined],
];

test.for(rows)('%s with %j', ([path, text, message]) => {
  const messages = faultsOf(path, text).map((fault) => fault.message);
  if (message === undefined) expect(messages).toEqual([]);
  else expect(messages).toEqual([expect.stringMatching(message)]);
});

test('a fault tells its line', () => {
  expect(faultsOf('docs/a.md', `one\ntwo\nsee ${home}/x\n`)).toEqual([
    { path: 'docs/a.md', line: 3, message: 'names a path of one machine' },
  ]);
});
