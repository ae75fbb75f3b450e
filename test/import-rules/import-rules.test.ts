import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { afterAll, beforeAll, expect, test } from 'vitest';
import config from '../../.dependency-cruiser.mjs';

/** A file, what it imports (`type X` for a type alone), and the rules that must then fire: none means allowed. */
type Row = readonly [file: string, imports: string, ...rules: string[]];

const rows: readonly Row[] = [
  ['services/translator/src/a.ts', '@sluice/ir'],
  ['services/translator/src/b.ts', '@sluice/xds-server/core', 'service-imports-service'],
  ['services/translator/src/c.ts', '@sluice/cli', 'imports-cli-or-test'],
  ['services/translator/src/d.ts', '../../../packages/ir/src/index.ts', 'across-packages-by-name'],
  ['services/translator/src/e.ts', '@sluice/testkit', 'tests-stay-out-of-sources'],
  ['services/translator/src/e.test.ts', '@sluice/testkit'],
  ['services/translator/src/f.ts', '@nats-io/jetstream', 'nats-has-one-owner'],
  ['services/bpf-agent/src/adapters/f.ts', 'koffi', 'native-calls-have-one-owner'],
  ['services/translator/src/g.ts', '@sluice/envoy-api/registry', 'envoy-types-have-one-owner'],
  ['services/translator/src/h.ts', 'better-sqlite3', 'database-has-one-owner'],
  ['services/translator/src/i.ts', 'undici', 'declared-dependencies'],
  ['services/translator/src/j.ts', './absent.ts', 'not-to-unresolvable'],
  ['services/translator/src/e.fixture.ts', '@sluice/testkit'],
  ['services/translator/src/testing/e.ts', '@sluice/testkit'],
  ['services/translator/src/e2.ts', './e.fixture.ts', 'tests-stay-out-of-sources'],
  ['services/translator/src/k.test.ts', 'vitest'],
  ['services/translator/src/l.ts', 'vitest', 'tests-stay-out-of-sources'],
  ['services/translator/src/cycle-1.ts', './cycle-2.ts', 'no-circular'],
  ['services/translator/src/cycle-2.ts', './cycle-1.ts'], // a cycle is reported once
  ['services/translator/src/type-cycle-1.ts', './type-cycle-2.ts', 'no-circular'],
  ['services/translator/src/type-cycle-2.ts', 'type ./type-cycle-1.ts'],
  ['services/translator/src/core/a.ts', '@sluice/ir'],
  ['services/translator/src/core/b.ts', 'zod'],
  ['services/translator/src/core/c.ts', 'node:fs', 'core-is-pure', 'core-knows-no-node'],
  ['services/translator/src/core/d.ts', 'type node:fs', 'core-knows-no-node'],
  ['services/translator/src/core/e.ts', '@sluice/event-log', 'core-is-pure'],
  ['services/translator/src/core/f.ts', 'type @sluice/event-log'],
  ['services/translator/src/core/g.ts', '../a.ts', 'core-is-pure'],
  ['services/translator/src/core/h.ts', 'pino', 'core-is-pure'],
  ['services/translator/src/core/h.test.ts', 'node:fs'],
  ['services/xds-server/src/a.ts', '@sluice/envoy-api/registry'],
  ['services/xds-server/src/store/a.ts', 'better-sqlite3'],
  ['cli/src/a.ts', '@sluice/translator/core'],
  ['cli/src/b.ts', '../../services/translator/src/a.ts', 'service-from-outside'],
  ['test/e2e/a.ts', '@sluice/xds-server/core'],
  ['test/e2e/b.ts', '../../services/xds-server/src/a.ts', 'service-from-outside'],
  ['examples/shop/src/a.ts', '@sluice/translator/core', 'package-imports-upwards'],
  ['packages/ir/src/a.ts', 'zod'],
  ['packages/ir/src/b.ts', '@sluice/kinds', 'ir-imports'],
  ['packages/ir/src/c.ts', 'type @sluice/envoy-api/registry', 'envoy-types-have-one-owner', 'ir-imports'],
  ['packages/ir/src/d.ts', 'node:fs', 'core-knows-no-node', 'ir-imports'],
  ['packages/incremental/src/a.ts', './b.ts'],
  ['packages/incremental/src/b.ts', 'zod', 'incremental-imports'],
  ['packages/events/src/a.ts', '@sluice/ir'],
  ['packages/events/src/b.ts', '@sluice/event-log', 'events-imports'],
  ['packages/event-log/src/a.ts', '@nats-io/jetstream'],
  ['packages/event-log/src/b.ts', '@sluice/events', 'event-log-knows-no-domain'],
  ['packages/event-log/contract/a.ts', '@sluice/testkit'],
  ['packages/kinds/src/a.ts', '@sluice/translator/core', 'package-imports-upwards'],
];

const packages = {
  ...Object.fromEntries(
    ['ir', 'events', 'kinds', 'incremental', 'event-log', 'testkit', 'envoy-api'].map((name) => [
      name,
      `packages/${name}`,
    ]),
  ),
  translator: 'services/translator',
  'xds-server': 'services/xds-server',
  cli: 'cli',
};
const libraries = ['zod', 'pino', 'better-sqlite3', '@nats-io/jetstream', 'koffi', 'vitest'];

const write = (root: string, path: string, text: string): void => {
  mkdirSync(join(root, dirname(path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

/** A workspace in small, with just enough of each package to be imported. */
function writeWorkspace(root: string): void {
  const dependencies = Object.fromEntries(
    [...libraries, ...Object.keys(packages).map((name) => `@sluice/${name}`)].map((name) => [name, '*']),
  );
  const manifest = {
    type: 'module',
    dependencies,
    exports: { '.': './src/index.ts', './core': './src/core/index.ts', './registry': './gen/registry.js' },
  };
  write(root, 'package.json', JSON.stringify({ name: 'root', dependencies }));
  write(root, 'tsconfig.json', '{ "compilerOptions": { "module": "nodenext" } }');
  mkdirSync(join(root, 'node_modules/@sluice'), { recursive: true });
  for (const [name, dir] of Object.entries(packages)) {
    write(root, `${dir}/package.json`, JSON.stringify({ name: `@sluice/${name}`, ...manifest }));
    for (const file of ['src/index.ts', 'src/core/index.ts', 'gen/registry.js'])
      write(root, `${dir}/${file}`, 'export const it = 1;\n');
    symlinkSync(join(root, dir), join(root, 'node_modules/@sluice', name));
  }
  for (const name of [...libraries, 'undici']) {
    write(
      root,
      `node_modules/${name}/package.json`,
      JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
    );
    write(root, `node_modules/${name}/index.js`, 'export const it = 1;\n');
  }
  for (const [file, imports] of rows) {
    const typeOnly = imports.startsWith('type ');
    const from = typeOnly ? imports.slice('type '.length) : imports;
    write(root, file, `import ${typeOnly ? 'type ' : ''}{ it } from '${from}';\nexport { it };\n`);
  }
}

const found = new Map<string, Set<string>>();
let root = '';

beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'import-rules-')));
  writeWorkspace(root);
  const result = await cruise(['packages', 'services', 'cli', 'test', 'examples'], {
    ...config.options,
    tsConfig: { fileName: join(root, 'tsconfig.json') },
    baseDir: root,
    ruleSet: { forbidden: config.forbidden },
    validate: true,
  });
  for (const { from, rule } of (result.output as ICruiseResult).summary.violations) {
    found.set(from, (found.get(from) ?? new Set()).add(rule.name));
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test.for(rows)('%s importing %s', ([file, _imports, ...rules]) => {
  expect([...(found.get(file) ?? [])].sort()).toEqual([...rules].sort());
});

test('every rule is proven to fire', () => {
  const proven = new Set(rows.flatMap(([, , ...rules]) => rules));
  expect(
    config.forbidden.map((rule) => rule.name ?? 'a rule without a name').filter((name) => !proven.has(name)),
  ).toEqual([]);
});
