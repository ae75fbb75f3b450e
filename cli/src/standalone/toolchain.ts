import { createHash } from 'node:crypto';
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freshBundles, namedBundles } from '../../../scripts/bundle/fresh.mjs';

/**
 * Root of the checkout or installation: the directory that holds `services/` and `packages/`. A bundle lies as deep as this file
 * (`cli/build/<hash>/`).
 */
export const installRoot = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** Version of this installation. */
export function sluiceVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(installRoot, 'package.json'), 'utf8'));
  return (manifest as { version: string }).version;
}

/** Path of a program that the toolchain brings, or of the one on PATH; undefined where there is neither. */
export function findProgram(name: string, path: string): string | undefined {
  const candidates = [join(installRoot, '.toolchain', 'bin'), ...path.split(delimiter)].map((dir) =>
    join(dir, name),
  );
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return statSync(candidate).isFile();
    } catch {
      return false;
    }
  });
}

/** Changes when the program file does: its path, size and time. */
export function programVersion(path: string): string {
  const stat = statSync(path);
  return `${path}:${stat.size}:${stat.mtimeMs}`;
}

/** Directories whose content no running service loads. */
const notPartOf: ReadonlySet<string> = new Set(['node_modules', 'testing', 'testdata']);

function* sourceFiles(directory: string): Generator<string> {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && !notPartOf.has(entry.name)) yield* sourceFiles(path);
    else if (entry.isFile() && /^[^.]+\.ts$/.test(entry.name)) yield path;
  }
}

function versionOf(directories: readonly string[]): string {
  const hash = createHash('sha256').update(sluiceVersion());
  for (const directory of directories) {
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) continue;
    for (const file of [...sourceFiles(directory)].sort()) hash.update(programVersion(file));
  }
  return hash.digest('hex');
}

let packagesVersion: string | undefined;

/** Changes when a source file of the service, or of any package it may use, does: names, sizes and times. */
export function serviceVersion(service: string): string {
  const packages = join(installRoot, 'packages');
  packagesVersion ??= versionOf(
    readdirSync(packages)
      .sort()
      .map((name) => join(packages, name, 'src')),
  );
  return `${packagesVersion}-${versionOf([join(installRoot, 'services', service, 'src')])}`;
}

/** What is run of a service. */
export interface ServiceProgram {
  /** Absolute path of its main file. */
  readonly file: string;
  /** Changes when the program does. */
  readonly version: string;
}

/** The bundle of each of some services, or its sources where they are newer than the bundle. */
export function servicePrograms<S extends string>(services: readonly S[]): Record<S, ServiceProgram> {
  const named = namedBundles(installRoot);
  // `bin/sluice` runs this bundle after it has found all of them fresh.
  const isAsked = named.get('cli') === process.argv[1];
  const bundles = isAsked ? named : freshBundles(installRoot);
  const programOf = (service: S): ServiceProgram => {
    const bundle = bundles.get(service);
    // The folder of a bundle is named after its content.
    if (bundle !== undefined) return { file: bundle, version: bundle };
    const file = join(installRoot, 'services', service, 'src', 'main.ts');
    return { file, version: serviceVersion(service) };
  };
  return Object.fromEntries(services.map((service) => [service, programOf(service)])) as Record<
    S,
    ServiceProgram
  >;
}
