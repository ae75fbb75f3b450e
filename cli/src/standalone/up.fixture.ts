// A running `sluice up` for tests of the supervisor itself; the stories of the whole platform stand in test/.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LaunchedProcess, launch, type Manifest, tempDir, until, writeManifests } from '@sluice/testkit';
import { layoutOf } from './layout.ts';
import { findMarked, identityOf, isAlive } from './process-identity.ts';
import { endProcess } from './stop.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
/** As bin/sluice sets it. */
const compileCache = fileURLToPath(new URL('../../../.cache/node', import.meta.url));
const startMs = 90_000;

/** Output of a command that has ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly output: string;
}

/** A directory with manifests and room for several instances. Disposing it ends whatever was started on it. */
export class Bench implements AsyncDisposable {
  readonly #home = tempDir();
  readonly #launched: LaunchedProcess[] = [];
  readonly #dataDirs = new Set<string>();

  constructor(manifests: Readonly<Record<string, Manifest>>) {
    mkdirSync(this.manifests);
    this.write(manifests);
  }

  get manifests(): string {
    return this.#home.file('manifests');
  }

  /** Path of a file beside the manifests. */
  file(name: string): string {
    return this.#home.file(name);
  }

  dataDir(name = 'data'): string {
    const path = this.#home.file(name);
    this.#dataDirs.add(path);
    return path;
  }

  write(files: Readonly<Record<string, Manifest | null>>): void {
    writeManifests(this.manifests, files);
  }

  /** Starts `sluice up`; does not wait. */
  async up(of: { readonly data?: string; readonly args?: readonly string[] } = {}): Promise<LaunchedProcess> {
    const args = [main, 'up', this.manifests, '--data-dir', this.dataDir(of.data), ...(of.args ?? [])];
    const process = await launch({
      name: 'sluice up',
      command: globalThis.process.execPath,
      args,
      env: this.#environment(),
      stopMs: 30_000,
    });
    this.#launched.push(process);
    return process;
  }

  /** Starts `sluice up` and waits for its ready line. */
  async ready(of: Parameters<Bench['up']>[0] = {}): Promise<LaunchedProcess> {
    const process = await this.up(of);
    await process.waitForLine(/^ready/, startMs);
    return process;
  }

  /** Runs another command to its end. */
  run(...args: readonly string[]): Promise<Ended> {
    return this.runIn(this.#home.path, ...args);
  }

  /** The same, in a directory. */
  async runIn(cwd: string, ...args: readonly string[]): Promise<Ended> {
    const env = this.#environment();
    const command = await launch({ command: process.execPath, args: [main, ...args], cwd, env });
    const { code } = await command.exited;
    return { code, stdout: command.stdout(), output: command.log() };
  }

  /** Process id by the name of a child; throws where it has none. */
  pid(name: string, data?: string): number {
    const record: unknown = JSON.parse(readFileSync(join(this.dataDir(data), 'run', `${name}.pid`), 'utf8'));
    return (record as { pid: number }).pid;
  }

  /** Names of the living processes of an instance, sorted. */
  alive(data?: string): string[] {
    return this.#marked(this.dataDir(data))
      .map(({ name }) => name)
      .sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const launched of this.#launched) if (launched.running) launched.kill('SIGKILL');
    await Promise.all(this.#launched.map(({ exited }) => exited));
    const marked = [...this.#dataDirs].flatMap((dataDir) => this.#marked(dataDir));
    await Promise.all(marked.map(({ identity }) => endProcess(identity, 2_000)));
    this.#home[Symbol.dispose]();
  }

  #marked(dataDir: string) {
    return findMarked(layoutOf(dataDir, { tmpDir: '/tmp', uid: process.getuid?.() ?? 0 }).id);
  }

  #environment(): Record<string, string> {
    return {
      PATH: process.env.PATH ?? '',
      HOME: this.#home.path,
      XDG_STATE_HOME: this.#home.file('state'),
      NO_COLOR: '1',
      NODE_COMPILE_CACHE: compileCache,
    };
  }
}

/** SIGKILL, and waits until the process is gone. */
export async function kill9(pid: number): Promise<void> {
  const identity = identityOf(pid);
  if (identity === undefined) throw new Error(`no process ${pid}`);
  process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(identity), { message: `process ${pid} to be gone` });
}
