import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type LaunchedProcess,
  launch,
  type Manifest,
  type RequestTarget,
  type TempDir,
  tempDir,
  until,
  writeManifests,
} from '@sluice/testkit';
import { type EnvoyAdmin, envoyAdmin } from './envoy-admin.ts';
import { killAll, processesNaming } from './leftovers.ts';
import type { KubeObject, Listing } from './objects.ts';

const program = fileURLToPath(new URL('../../bin/sluice', import.meta.url));
/** For a busy machine; a test that waits this long has failed. */
const defaultStartMs = 120_000;
const stopMs = 30_000;
/** Commands that ask no instance. */
const offline: ReadonlySet<string> = new Set(['validate', 'convert']);

/** How to start an instance. */
export interface SluiceOptions {
  /** Files of the manifest directory, by name. */
  readonly manifests: Readonly<Record<string, Manifest>>;
  /** Further arguments of `sluice up`. */
  readonly args?: readonly string[];
  /** User and group id to run as; only root may. */
  readonly asUser?: number;
  /** How long a start may take; default 60,000. */
  readonly startMs?: number;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Outcome of a `sluice` command. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly output: string;
}

/** Names of the processes of an instance, as their pid files have them; `up` is the supervisor. */
export type ProcessName =
  | 'up'
  | 'nats'
  | 'envoy'
  | 'api-watcher'
  | 'translator'
  | 'translator-1'
  | 'xds-server'
  | 'xds-server-1'
  | 'bpf-agent';

/** A running instance of the whole platform. Disposing it ends every process and removes its directory. */
export interface Sluice extends AsyncDisposable {
  /** Manifest directory. */
  readonly dir: string;
  readonly dataDir: string;
  /** Admin interface of its Envoy. */
  readonly envoy: EnvoyAdmin;
  /** Output of `sluice up` so far. */
  output(): string;
  /** Adds, replaces (by renaming) and, with null, removes manifest files. */
  write(files: Readonly<Record<string, Manifest | null>>): void;
  /** Runs `bin/sluice … --data-dir D` (not where no instance is asked). Never throws for an exit code. */
  cli(...args: string[]): Promise<CliResult>;
  /** `sluice get KIND -o json`. @throws Error with its output where it fails */
  get(kind: string): Promise<readonly KubeObject[]>;
  /** One object with its status; undefined where there is none. */
  find(kind: string, name: string, namespace?: string): Promise<KubeObject | undefined>;
  /** First address in the status of a Gateway, waited for. */
  address(gateway: string, namespace?: string): Promise<string>;
  /** Where a port of a Gateway is served; low ports may be shifted where they may not be bound. */
  target(gateway: string, port: number, namespace?: string): Promise<RequestTarget>;
  /** The same of an Ingress, whose address is that of its `status.loadBalancer`. */
  ingressTarget(ingress: string, port: number, namespace?: string): Promise<RequestTarget>;
  pid(name: ProcessName): number;
  /** SIGKILL; resolves with the old process id when the process is gone. */
  kill9(name: ProcessName): Promise<number>;
  /** Starts `sluice up` again on the same directories, after `kill9('up')` or `stop()`. */
  restart(): Promise<void>;
  /** As Ctrl-C does. @throws Error where the exit code is not 0 or a process stays behind */
  stop(): Promise<void>;
  /** Ends of all logs, for a failed test. */
  diagnose(): string;
}

/** Starts the platform and waits for its `ready` line. @throws Error with all logs where it does not come */
export async function startSluice(options: SluiceOptions): Promise<Sluice> {
  const home = tempDir();
  const instance = new Instance(home, options);
  try {
    await instance.start();
  } catch (cause) {
    const logs = instance.diagnose();
    // What went wrong first is what is told.
    await instance[Symbol.asyncDispose]().catch(() => {});
    throw new Error(`sluice up did not get ready\n${logs}`, { cause });
  }
  return instance;
}

class Instance implements Sluice {
  readonly dir: string;
  readonly dataDir: string;
  readonly envoy: EnvoyAdmin;
  readonly #home: TempDir;
  readonly #options: SluiceOptions;
  /** Far from the default range and different for each instance, so that tests can run beside each other. */
  readonly #pool = `127.${81 + Math.floor(Math.random() * 40)}.${Math.floor(Math.random() * 256)}.0/24`;
  #up: LaunchedProcess | undefined;
  /** By namespace and name, as long as nobody writes manifests. */
  readonly #addresses = new Map<string, string>();

  constructor(home: TempDir, options: SluiceOptions) {
    this.#home = home;
    this.#options = options;
    this.dir = home.file('manifests');
    this.dataDir = home.file('data');
    this.envoy = envoyAdmin(() => this.#envoySocket());
    mkdirSync(this.dir);
    this.write(options.manifests);
    if (options.asUser !== undefined)
      for (const path of [home.path, this.dir]) chownSync(path, options.asUser, options.asUser);
  }

  async start(): Promise<void> {
    const args = [
      'up',
      this.dir,
      '--data-dir',
      this.dataDir,
      '--pool',
      this.#pool,
      ...(this.#options.args ?? []),
    ];
    this.#up = await launch({ name: 'sluice up', ...this.#command(args), env: this.#environment(), stopMs });
    await this.#up.waitForLine(/^ready/, this.#options.startMs ?? defaultStartMs);
  }

  #command(args: readonly string[]): { readonly command: string; readonly args: readonly string[] } {
    const { asUser } = this.#options;
    if (asUser === undefined) return { command: program, args };
    const user = [`--reuid=${asUser}`, `--regid=${asUser}`, '--clear-groups', '--inh-caps=-all'];
    return { command: 'setpriv', args: [...user, program, ...args] };
  }

  #environment(): Record<string, string | undefined> {
    // A state directory of its own keeps the user's list of instances clean.
    return { ...process.env, NO_COLOR: '1', XDG_STATE_HOME: this.#home.file('state'), ...this.#options.env };
  }

  output(): string {
    return this.#up?.log() ?? '';
  }

  write(files: Readonly<Record<string, Manifest | null>>): void {
    this.#addresses.clear();
    writeManifests(this.dir, files);
  }

  async cli(...args: string[]): Promise<CliResult> {
    const command = await launch({
      ...this.#command(offline.has(args[0] ?? '') ? args : [...args, '--data-dir', this.dataDir]),
      env: this.#environment(),
    });
    const { code } = await command.exited;
    return { code, stdout: command.stdout(), output: command.log() };
  }

  async get(kind: string): Promise<readonly KubeObject[]> {
    const { code, stdout, output } = await this.cli('get', kind, '-o', 'json');
    if (code !== 0) throw new Error(`sluice get ${kind} ended with ${code}:\n${output}`);
    return (JSON.parse(stdout) as Listing).items;
  }

  async find(kind: string, name: string, namespace = 'default'): Promise<KubeObject | undefined> {
    const same = (object: KubeObject): boolean =>
      object.metadata.name === name && (object.metadata.namespace ?? namespace) === namespace;
    return (await this.get(kind)).find(same);
  }

  async address(gateway: string, namespace = 'default'): Promise<string> {
    const key = `${namespace}/${gateway}`;
    const address = this.#addresses.get(key) ?? (await this.#addressInStatus(gateway, namespace));
    this.#addresses.set(key, address);
    return address;
  }

  #addressInStatus(gateway: string, namespace: string): Promise<string> {
    const look = async () => (await this.find('gateways', gateway, namespace))?.status?.addresses?.[0]?.value;
    return until(look, {
      intervalMs: 100,
      message: `an address of Gateway ${namespace}/${gateway}`,
    });
  }

  async target(gateway: string, port: number, namespace = 'default'): Promise<RequestTarget> {
    const { lowPortOffset } = this.#instanceFile();
    const address = await this.address(gateway, namespace);
    return { address, port: port < 1024 ? port + lowPortOffset : port };
  }

  async ingressTarget(ingress: string, port: number, namespace = 'default'): Promise<RequestTarget> {
    const { lowPortOffset } = this.#instanceFile();
    const look = async () =>
      (await this.find('ingresses', ingress, namespace))?.status?.loadBalancer?.ingress?.[0]?.ip;
    const address = await until(look, {
      intervalMs: 100,
      message: `an address of Ingress ${namespace}/${ingress}`,
    });
    return { address, port: port < 1024 ? port + lowPortOffset : port };
  }

  pid(name: ProcessName): number {
    if (name === 'up') return this.#running().pid;
    return (JSON.parse(readFileSync(join(this.dataDir, 'run', `${name}.pid`), 'utf8')) as { pid: number })
      .pid;
  }

  async kill9(name: ProcessName): Promise<number> {
    const pid = this.pid(name);
    process.kill(pid, 'SIGKILL');
    await until(() => !hasCommandLine(pid), { message: `${name} (${pid}) to be gone` });
    // It is gone before its parent, this process, has been told.
    if (name === 'up') await this.#running().exited;
    return pid;
  }

  async restart(): Promise<void> {
    if (this.#up?.running === true) await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    const up = this.#running();
    up.kill('SIGINT');
    const exit = await Promise.race([up.exited, deadline(stopMs)]);
    if (exit === undefined) throw new Error(`sluice up did not end within ${stopMs} ms\n${this.diagnose()}`);
    if (exit.code !== 0)
      throw new Error(`sluice up ended with ${exit.signal ?? exit.code}\n${this.diagnose()}`);
    const left = processesNaming(this.#home.path);
    if (left.length > 0) throw new Error(`left behind: ${left.map(({ command }) => command).join('; ')}`);
  }

  diagnose(): string {
    const dir = join(this.dataDir, 'log');
    const files = existsSync(dir) ? readdirSync(dir).filter((file) => file.endsWith('.log')) : [];
    const parts = files.map((file) => `--- ${file}\n${readFileSync(join(dir, file), 'utf8').slice(-4_000)}`);
    return [`--- sluice up\n${this.output().slice(-4_000)}`, ...parts].join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (this.#up?.running === true) await this.stop();
    } finally {
      killAll(processesNaming(this.#home.path));
      await this.#up?.stop();
      await until(() => processesNaming(this.#home.path).length === 0, {
        message: 'the instance to be gone',
      });
      this.#home[Symbol.dispose]();
    }
  }

  #running(): LaunchedProcess {
    if (this.#up === undefined) throw new Error('sluice up has not been started');
    return this.#up;
  }

  #instanceFile(): { readonly lowPortOffset: number } {
    return JSON.parse(readFileSync(join(this.dataDir, 'run', 'instance.json'), 'utf8')) as {
      lowPortOffset: number;
    };
  }

  #envoySocket(): string {
    return join(this.dataDir, 'run', 'envoy.admin.sock');
  }
}

function hasCommandLine(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

function deadline(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
}
