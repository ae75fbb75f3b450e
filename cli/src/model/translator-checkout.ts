// Where the translator of another version is: a checkout, or a version of this checkout's history, which is unpacked
// into a directory for the time and uses the libraries of this installation.
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import { UserError } from '../standalone/settings.ts';

const run = promisify(execFile);
const entry = join('services', 'translator', 'src', 'core', 'index.ts');
/** What a translator is made of. */
const neededPaths = ['package.json', 'pnpm-workspace.yaml', 'packages', 'services/translator'];

/** A checkout that is ready to be run. Disposing it removes what was made for it. */
export interface Checkout extends Disposable {
  /** Absolute. */
  readonly root: string;
  /** For people: what was asked for, and its version. */
  readonly label: string;
  /** What the reader has to know. */
  readonly notes: readonly string[];
}

/** Where things are. */
export interface CheckoutPlaces {
  /** Root of this installation; its git history is asked for versions. */
  readonly installRoot: string;
  readonly tmpDir: string;
  /** Search path for git and tar. */
  readonly path: string;
}

/** Finds a directory with a checkout, else a tag or commit of this one. @throws UserError where it is neither */
export async function findCheckout(asked: string, places: CheckoutPlaces): Promise<Checkout> {
  if (statSync(asked, { throwIfNoEntry: false })?.isDirectory() === true) return checkoutIn(resolve(asked));
  const commit = await commitOf(asked, places);
  if (commit === undefined)
    throw new UserError(
      `${asked} is neither a directory nor a version of ${places.installRoot}`,
      'name a directory that holds a checkout of Sluice, or a tag or commit of the git history of this one',
    );
  return unpacked(asked, commit, places);
}

function checkoutIn(root: string): Checkout {
  if (!existsSync(join(root, entry)))
    throw new UserError(`${root} is no checkout of Sluice`, `it has no ${entry}`);
  return { root, label: `${root} (version ${versionIn(root)})`, notes: [], [Symbol.dispose]: () => {} };
}

const manifestSchema = z.looseObject({
  name: z.string().default(''),
  version: z.string().default('unknown'),
  dependencies: z.record(z.string(), z.string()).default({}),
});

function manifestIn(directory: string): z.infer<typeof manifestSchema> {
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')));
  } catch {
    return { name: '', version: 'unknown', dependencies: {} };
  }
}

function versionIn(root: string): string {
  return manifestIn(root).version;
}

/** The commit that a tag, a branch, a version number or an abbreviation stands for. */
async function commitOf(asked: string, { installRoot, path }: CheckoutPlaces): Promise<string | undefined> {
  for (const name of [asked, `v${asked}`]) {
    const arguments_ = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`];
    const found = await run('git', ['-C', installRoot, ...arguments_], { env: { PATH: path } }).catch(
      () => undefined,
    );
    if (found !== undefined) return found.stdout.trim();
  }
  return undefined;
}

async function unpacked(asked: string, commit: string, places: CheckoutPlaces): Promise<Checkout> {
  const root = mkdtempSync(join(places.tmpDir, 'sluice-version-'));
  const remove = () => rmSync(root, { recursive: true, force: true });
  try {
    const archive = join(root, 'archive.tar');
    const env = { PATH: places.path };
    const git = ['-C', places.installRoot, 'archive', `--output=${archive}`, commit, '--'];
    await run('git', [...git, ...neededPaths], { env });
    await run('tar', ['-xf', archive, '-C', root], { env });
    const notes = linkLibraries(root, places.installRoot);
    const label = `${asked} (commit ${commit.slice(0, 12)}, version ${versionIn(root)})`;
    return { root, label, notes, [Symbol.dispose]: remove };
  } catch (error) {
    remove();
    if (error instanceof UserError) throw error;
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new UserError(
      `${asked} cannot be unpacked: ${why ?? ''}`,
      'name a checkout in a directory instead',
    );
  }
}

/** Gives each package of an unpacked version its libraries: its own packages, and those of this installation. */
function linkLibraries(root: string, installRoot: string): string[] {
  const packages = packagesIn(root);
  const own = new Map(packages.map((directory) => [manifestIn(directory).name, directory]));
  const wanted = catalogOf(root);
  const notes = new Set<string>();
  for (const directory of packages)
    for (const name of Object.keys(manifestIn(directory).dependencies)) {
      const target = own.get(name) ?? libraryIn(installRoot, name);
      if (target === undefined) {
        notes.add(`the library ${name}, which it uses, is not part of this installation`);
        continue;
      }
      link(target, join(directory, 'node_modules', name));
      const version = manifestIn(target).version;
      const asked = own.has(name) ? undefined : wanted[name];
      if (asked !== undefined && asked !== version)
        notes.add(`it is run with ${name} ${version} of this installation, and was made with ${asked}`);
    }
  return [...notes].sort();
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

function packagesIn(root: string): string[] {
  const packages = join(root, 'packages');
  const names = existsSync(packages) ? readdirSync(packages) : [];
  return [...names.map((name) => join(packages, name)), join(root, 'services', 'translator')].filter(
    (directory) => existsSync(join(directory, 'package.json')),
  );
}

/** A library as any package of this installation has it. */
function libraryIn(installRoot: string, name: string): string | undefined {
  const homes = [...packagesIn(installRoot), join(installRoot, 'cli'), installRoot];
  const found = homes.map((home) => join(home, 'node_modules', name)).find((path) => existsSync(path));
  return found === undefined ? undefined : realpathSync(found);
}

const workspaceSchema = z.looseObject({ catalog: z.record(z.string(), z.string()).default({}) });

function catalogOf(root: string): Readonly<Record<string, string>> {
  try {
    return workspaceSchema.parse(parse(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8'))).catalog;
  } catch {
    return {};
  }
}
