/**
 * Rules that hold for the text of a committed file, which neither the linter nor the compiler checks.
 * Comes in: path (relative to the checkout, `/` between folders) and text. Goes out: faults, empty if all is well.
 */

/** One fault: where it is and what to do. */
export interface FileFault {
  readonly path: string;
  /** Counted from 1; 1 for a fault of the whole file. */
  readonly line: number;
  readonly message: string;
}

const maxLines = 500;
const maxMainLines = 80;
const code = /\.(ts|mjs|sh|c|h|proto)$/;
const testPart = /(\.(test|fixture)\.ts$|(^|\/)(testdata|fixtures|testing|contract)\/|^packages\/testkit\/)/;

/** Names that are put together here, so that this file does not break its own rule. */
const registryHosts = [
  ['registry', 'npmjs', 'org'],
  ['registry', 'yarnpkg', 'com'],
  ['files', 'pythonhosted', 'org'],
  ['pypi', 'org'],
  ['proxy', 'golang', 'org'],
  ['static', 'crates', 'io'],
  ['repo1', 'maven', 'org'],
  ['deb', 'debian', 'org'],
].map((parts) => parts.join('.'));
/** `/home/user` is nobody's: tests and guides may use it. */
const machinePath = new RegExp(
  `(^|[\\s"'\`(=:])/((${['work', 'root'].join('|')})/[a-z.]|home/(?!user\\b)[a-z])`,
);

const clockOrChance = /\b(Date\.now\(|new Date\(\)|Math\.random\()/;
const pureCode =
  /^((services|packages)\/[^/]+\/src\/core|packages\/(ir|incremental|events|kinds)\/src)\/.*\.ts$/;
const environment = /\bprocess\.env\b/;
const mayReadEnvironment =
  /(\/config\.ts$|^(scripts|test|packages\/(testkit|envoy-api))\/|^vitest\.config\.ts$)/;
const vagueFolder = /(^|\/)(utils?|helpers?|common|misc)\//;

type Rule = (path: string, lines: readonly string[]) => FileFault[];

/** A rule for each line of the files that `applies` picks; comments are not looked at where `code` is meant. */
const lineRule =
  (applies: (path: string) => boolean, broken: (line: string) => boolean, message: string): Rule =>
  (path, lines) =>
    applies(path)
      ? lines.flatMap((line, index) => (broken(line) ? [{ path, line: index + 1, message }] : []))
      : [];

const isComment = (line: string): boolean => /^\s*(\/\/|\*|\/\*)/.test(line);

const rules: readonly Rule[] = [
  (path, lines) =>
    code.test(path) && lines.length > maxLines
      ? [{ path, line: 1, message: `${lines.length} lines: split it by kind, ${maxLines} is the most` }]
      : [],
  (path, lines) =>
    /^services\/[^/]+\/src\/main\.ts$/.test(path) && lines.length > maxMainLines
      ? [{ path, line: 1, message: `${lines.length} lines: main.ts only wires, ${maxMainLines} is the most` }]
      : [],
  (path) =>
    code.test(path) && vagueFolder.test(path)
      ? [{ path, line: 1, message: 'name the folder after what it is about, not utils, helpers or common' }]
      : [],
  lineRule(
    () => true,
    (line) => registryHosts.some((host) => line.includes(host)),
    "names a registry's host: the package managers know theirs",
  ),
  lineRule(
    (path) => path !== 'pnpm-lock.yaml',
    (line) => machinePath.test(line),
    'names a path of one machine',
  ),
  lineRule(
    (path) => pureCode.test(path) && !testPart.test(path),
    (line) => clockOrChance.test(line) && !isComment(line),
    'a core has neither clock nor randomness: take the value as an argument',
  ),
  lineRule(
    (path) =>
      /^(services|cli|packages|examples)\/.*\.ts$/.test(path) &&
      !mayReadEnvironment.test(path) &&
      !testPart.test(path),
    (line) => environment.test(line) && !isComment(line),
    'the environment is read in config.ts alone',
  ),
];

/** All faults of one file, in the order of the rules. */
export function faultsOf(path: string, text: string): FileFault[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return rules.flatMap((rule) => rule(path, lines));
}
