/**
 * Who may import whom: CONTRIBUTING.md says it in words, test/import-rules proves that each rule fires.
 * Types count like values, except where a rule says otherwise.
 */

/** Tests and what only they use (`*.fixture.ts`, a folder `testing`) may reach for the testkit and for real parts. */
const tests = '(\\.(test|fixture)\\.ts$|/testing/|^packages/testkit/|^packages/[^/]+/contract/|^test/)';

/** @param {string[]} names npm packages, or beginnings of their names that end in `/` */
const npm = (names) =>
  `(^|node_modules/)(${names.map((name) => (name.endsWith('/') ? name : `${name}(/|$)`)).join('|')})`;

/** @param {string[]} names packages of this workspace */
const own = (names) => `^packages/(${names.join('|')})/`;

/**
 * A package that may import nothing but what is listed.
 * @param {string} name @param {string[]} packages @param {string[]} libraries @param {string} comment
 * @returns {import('dependency-cruiser').IForbiddenRuleType}
 */
const onlyImports = (name, packages, libraries, comment) => ({
  name: `${name}-imports`,
  severity: 'error',
  comment,
  from: { path: `^packages/${name}/src/`, pathNot: tests },
  to: {
    pathNot: [own([name, ...packages]), ...(libraries.length > 0 ? [npm(libraries)] : [])],
  },
});

/** Declared at the root, for the tests of all packages. */
const testTools = ['vitest', 'fast-check', 'dependency-cruiser'];

/** Libraries without I/O, clock or randomness. */
const pureLibraries = [
  '@bufbuild/protobuf',
  '@noble/hashes',
  'canonicalize',
  'fastest-levenshtein',
  'ipaddr.js',
  're2js',
  'yaml',
  'zod',
];
/** `envoy-resources` loads Envoy's types when the first resource is read; all else of it is pure. */
const purePackages = ['ir', 'events', 'kinds', 'incremental', 'envoy-api', 'envoy-resources'];

/** @type {{ forbidden: import('dependency-cruiser').IForbiddenRuleType[], options: import('dependency-cruiser').ICruiseOptions }} */
const config = {
  forbidden: [
    {
      name: 'service-imports-service',
      severity: 'error',
      comment: 'Services talk over the log; what two of them need becomes a package.',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'service-from-outside',
      severity: 'error',
      comment:
        'Only cli and test look into a service, and only at @sluice/<service>/core, or a part of it that loads less.',
      from: { path: '^(cli|test)/' },
      to: { path: '^services/', pathNot: '^services/[^/]+/src/core/(index|bootstrap)\\.ts$' },
    },
    {
      name: 'package-imports-upwards',
      severity: 'error',
      comment: 'Packages, examples and scripts know no service and no command.',
      from: { path: '^(packages|examples|scripts)/' },
      to: { path: '^(services|cli|test)/' },
    },
    {
      name: 'imports-cli-or-test',
      severity: 'error',
      comment: 'Nothing builds on the command or on the tests.',
      from: { path: '^services/' },
      to: { path: '^(cli|test|examples|scripts)/' },
    },
    onlyImports(
      'ir',
      [],
      ['zod', 'canonicalize', '@noble/hashes', 'ipaddr.js', 're2js'],
      'The neutral model: no Kubernetes, no Envoy, no I/O.',
    ),
    onlyImports('incremental', [], [], 'Stands on nothing.'),
    onlyImports('events', ['ir', 'kinds'], ['zod', 'canonicalize'], 'What crosses the log is data alone.'),
    {
      name: 'event-log-knows-no-domain',
      severity: 'error',
      comment: 'The log knows bytes, subjects and sequences.',
      from: { path: '^packages/event-log/src/', pathNot: tests },
      to: { path: '^packages/', pathNot: own(['event-log']) },
    },
    {
      name: 'nats-has-one-owner',
      severity: 'error',
      comment: 'NATS is reached through packages/event-log.',
      from: { pathNot: ['^packages/event-log/', tests] },
      to: { path: npm(['@nats-io/']) },
    },
    {
      name: 'native-calls-have-one-owner',
      severity: 'error',
      comment:
        "libbpf is called in bpf-agent's child process alone: a fault of native code ends the process it is in. Besides, one harmless function of the C library is.",
      from: {
        pathNot: [
          '^services/bpf-agent/src/kernel/libbpf\\.ts$',
          '^packages/service-kit/src/free-memory\\.ts$',
        ],
      },
      to: { path: npm(['koffi']) },
    },
    {
      name: 'envoy-types-have-one-owner',
      severity: 'error',
      comment: 'Envoy types stay in xds-server (and in the tests that read what Envoy says).',
      from: { pathNot: ['^packages/envoy-api/', '^services/xds-server/', tests] },
      to: { path: '^packages/envoy-api/' },
    },
    {
      name: 'database-has-one-owner',
      severity: 'error',
      comment: "A service's database is its src/store.",
      from: { pathNot: ['^services/[^/]+/src/store/', tests] },
      to: { path: npm(['better-sqlite3', 'drizzle-orm']) },
    },
    {
      name: 'core-is-pure',
      severity: 'error',
      comment:
        'A core holds no I/O, clock or randomness: pure packages and libraries only. Types may come from elsewhere.',
      from: { path: '^(services|packages)/([^/]+)/src/core/', pathNot: tests },
      to: {
        pathNot: ['^$1/$2/src/core/', own(purePackages), npm(pureLibraries)],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'core-knows-no-node',
      severity: 'error',
      comment: 'Not even the types of node:*.',
      from: {
        path: '^((services|packages)/[^/]+/src/core|packages/(ir|events|incremental|kinds)/src)/',
        pathNot: tests,
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'across-packages-by-name',
      severity: 'error',
      comment: 'A package is imported by its name, so that its exports decide what others see.',
      from: { path: '^(packages|services|examples)/([^/]+)/' },
      to: { path: '^(packages|services|examples|cli)/', pathNot: '^$1/$2/', dependencyTypes: ['local'] },
    },
    {
      name: 'tests-stay-out-of-sources',
      severity: 'error',
      comment: 'What runs in production imports neither tests nor their tools.',
      from: { path: '^(packages|services|cli)/', pathNot: tests },
      to: { path: [tests, npm(testTools)] },
    },
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Files that need each other are one file, or need a third; types count too.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      comment: 'The import leads nowhere.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared-dependencies',
      severity: 'error',
      comment: "Each package declares what it imports; the tests' own tools are declared at the root.",
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], pathNot: npm(testTools) },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: ['node_modules', 'packages/envoy-api/gen'] },
    exclude: { path: ['/testdata/', '/fixtures/', '^(services/[^/]+|cli)/build/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
    },
  },
};

export default config;
