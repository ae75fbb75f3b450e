import { existsSync } from 'node:fs';
import type { CliConfig } from '../config.ts';
import { writeEnvoyBootstrap, writeNatsConfig } from './config-files.ts';
import { checkDatapath, removeDatapath } from './datapath.ts';
import { type Instance, readInstance, registerInstance, unregisterInstance } from './instance.ts';
import { Journal } from './journal.ts';
import { type Keys, makeKeys } from './keys.ts';
import { type Layout, layoutOf, makeDirectories } from './layout.ts';
import { type Lock, takeLock } from './lock.ts';
import { rotateLogs } from './log-rotation.ts';
import { ManagedProcess } from './managed-process.ts';
import { isPortFree } from './network.ts';
import { PidFile, writeWhole } from './pid-file.ts';
import { envoySpec, natsSpec, serviceSpecs, socketPaths } from './plan.ts';
import { choosePool, choosePorts, lowPortOffsetOf } from './ports.ts';
import { findMarked, identityOf, isAlive, type ProcessIdentity, signalProcess } from './process-identity.ts';
import type { ProcessSpec, ProcessView } from './process-spec.ts';
import { checkDirectories, instanceOf, type Settings, type UpRequest, UserError } from './settings.ts';
import { endProcess, waitForEnd } from './stop.ts';
import { killInstance, stopInstance } from './stop-instance.ts';
import { findProgram, sluiceVersion } from './toolchain.ts';

const rotateEveryMs = 60_000;
/** Changes of processes are written down together after this time: each write holds the start up while the disk is busy. */
const saveAfterMs = 100;

/**
 * The standalone supervisor: one nats-server, one Envoy and our services as child processes that outlive it. Holds the
 * lock of its data directory from `open` to `stop`.
 */
export class Supervisor {
  readonly journal: Journal;
  readonly #config: CliConfig;
  readonly #lock: Lock;
  readonly #keys: Keys;
  readonly #self: ProcessIdentity;
  readonly #listeners = new Set<() => void>();
  readonly #processes = new Map<string, ManagedProcess>();
  #settings: Settings;
  #state: Instance['state'] = 'starting';
  #rotation: NodeJS.Timeout | undefined;
  #saving: NodeJS.Timeout | undefined;
  #moving = false;
  #started = false;

  private constructor(of: {
    config: CliConfig;
    settings: Settings;
    lock: Lock;
    keys: Keys;
    self: ProcessIdentity;
  }) {
    this.#config = of.config;
    this.#settings = of.settings;
    this.#lock = of.lock;
    this.#keys = of.keys;
    this.#self = of.self;
    this.journal = new Journal(`${of.settings.layout.log}/supervisor.log`);
  }

  /**
   * Checks the request, takes the lock and prepares keys, ports and addresses. Starts nothing.
   * @throws UserError where the user can mend it: another `up` on the data directory, a missing directory or program
   */
  static async open(config: CliConfig, request: UpRequest): Promise<Supervisor> {
    checkDirectories(request.directories);
    if (request.datapath !== undefined) await checkDatapath(request.datapath, config.uid);
    const programs = { natsServer: needProgram('nats-server', config), envoy: needProgram('envoy', config) };
    const layout = layoutOf(request.dataDir, config);
    makeDirectories(layout, config.uid);
    const earlier = readInstance(config, request.dataDir)?.instance;
    const lock = await lockOrRefuse(layout, { config, request, earlier });
    try {
      const alive = (name: string) => {
        const record = new PidFile(layout.run, name).read();
        return record !== undefined && isAlive(record);
      };
      const ports = await choosePorts({ earlier, natsAlive: alive('nats') });
      const pool = choosePool({ config, layout, asked: request.pool, earlier, envoyAlive: alive('envoy') });
      const lowPortOffset = await lowPortOffsetOf(pool);
      const self = identityOf(process.pid);
      if (self === undefined) throw new Error('/proc does not show this process');
      const settings: Settings = { layout, request, config, ...programs, ...ports, pool, lowPortOffset };
      return new Supervisor({ config, settings, lock, keys: makeKeys(layout), self });
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** Every process has been started, and all of them do their work. */
  get allReady(): boolean {
    return this.#started && [...this.#processes.values()].every((managed) => managed.ready);
  }

  /** In the order in which they are started. */
  get views(): ProcessView[] {
    return [...this.#processes.values()].map((managed) => managed.view);
  }

  /** Calls `listener` after every change of `views`. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Starts everything, or takes over what still runs. Resolves when all processes run (not: are ready). */
  async start(): Promise<void> {
    const { layout } = this.#settings;
    registerInstance(this.#config, layout);
    for (const spec of this.#ownSpecs()) this.#add(spec);
    this.#save();
    await this.#endStrays(new Set([...this.#processes.keys(), 'envoy']));
    if (this.#settings.request.datapath === undefined) removeDatapath(layout);
    // Services wait for NATS by themselves, and take longer to load than it does.
    await this.#launch([...this.#processes.keys()]);
    this.#add(envoySpec(this.#settings, writeEnvoyBootstrap(this.#settings)));
    const xds = socketPaths(layout.sockets).xds(0);
    await this.#poll(() => existsSync(xds));
    await this.#launch(['envoy']);
    this.#started = true;
    this.#rotation = setInterval(() => rotateLogs(layout.log), rotateEveryMs);
  }

  async #launch(names: readonly string[]): Promise<void> {
    if (!this.#ending) await Promise.all(names.map((name) => this.#process(name).start()));
  }

  get #ending(): boolean {
    return this.#state === 'stopping' || this.#state === 'stopped';
  }

  /** Writes down that all that was asked for is in force. */
  markReady(): void {
    this.#state = 'ready';
    this.#save();
  }

  /** Drains Envoy and stops everything. Resolves when no process is left. */
  async stop(): Promise<void> {
    this.#state = 'stopping';
    this.#save();
    this.#abandonAll();
    await stopInstance(this.#settings.layout, { drainTimeoutMs: this.#settings.request.drainTimeoutMs });
    this.#close();
  }

  /** Kills everything at once. */
  kill(): void {
    this.#state = 'stopping';
    this.#abandonAll();
    killInstance(this.#settings.layout);
    this.#close();
  }

  #abandonAll(): void {
    clearInterval(this.#rotation);
    for (const managed of this.#processes.values()) managed.abandon();
  }

  #close(): void {
    this.#state = 'stopped';
    this.#save();
    unregisterInstance(this.#config, this.#settings.layout);
    this.#lock.release();
  }

  /** All but Envoy. */
  #ownSpecs(): ProcessSpec[] {
    return [
      natsSpec(this.#settings, writeNatsConfig(this.#settings, this.#keys)),
      ...serviceSpecs(this.#settings),
    ];
  }

  #add(spec: ProcessSpec): void {
    this.#processes.set(spec.name, this.#manage(spec));
  }

  #manage(spec: ProcessSpec): ManagedProcess {
    return new ManagedProcess(spec, {
      instanceId: this.#settings.layout.id,
      pidFile: new PidFile(this.#settings.layout.run, spec.name),
      note: (text) => this.journal.note(text),
      changed: () => this.#changed(),
      ...(spec.name === 'nats' ? { ended: ({ wasReady }) => void this.#mayMoveNats(wasReady) } : {}),
    });
  }

  #process(name: string): ManagedProcess {
    const managed = this.#processes.get(name);
    if (managed === undefined) throw new Error(`no process ${name}`);
    return managed;
  }

  #changed(): void {
    this.#saving ??= setTimeout(() => this.#save(), saveAfterMs);
    for (const listener of this.#listeners) listener();
  }

  #save(): void {
    clearTimeout(this.#saving);
    this.#saving = undefined;
    const { layout } = this.#settings;
    const version = sluiceVersion();
    const of = { version, supervisor: this.#self, state: this.#state, processes: this.views };
    writeWhole(layout.instance, `${JSON.stringify(instanceOf(this.#settings, of), undefined, 2)}\n`);
  }

  /**
   * Ends processes that an earlier supervisor started and no pid file knows, or that are no longer asked for. An Envoy
   * that hands over to its successor is left to end by itself.
   */
  async #endStrays(expected: ReadonlySet<string>): Promise<void> {
    const { layout } = this.#settings;
    const strays = findMarked(layout.id).filter(({ name, identity }) => {
      const record = new PidFile(layout.run, name).read();
      const known = record !== undefined && isAlive(record);
      if (name === 'envoy' && known) return false;
      return !expected.has(name) || record?.pid !== identity.pid || record.startTime !== identity.startTime;
    });
    for (const { name, identity } of strays)
      this.journal.note(`${name} (pid ${identity.pid}) is left over from an earlier run: stopped`);
    await Promise.all(strays.map(({ identity }) => endProcess(identity, 5_000)));
  }

  /** Somebody else took the port of NATS while it was down: moves it, and tells the services by restarting them. */
  async #mayMoveNats(wasReady: boolean): Promise<void> {
    const { natsPort, natsMonitorPort } = this.#settings;
    if (
      wasReady ||
      this.#moving ||
      this.#ending ||
      ((await isPortFree(natsPort)) && (await isPortFree(natsMonitorPort)))
    )
      return;
    this.#moving = true;
    try {
      const ports = await choosePorts({ earlier: undefined, natsAlive: false });
      this.journal.note(
        `port ${natsPort} or ${natsMonitorPort} was taken by another program: nats moves to ${ports.natsPort}`,
      );
      this.#settings = { ...this.#settings, ...ports };
      for (const spec of this.#ownSpecs()) await this.#processes.get(spec.name)?.reconfigure(spec);
      this.#changed();
    } finally {
      this.#moving = false;
    }
  }

  async #poll(holds: () => boolean): Promise<void> {
    while (!holds() && !this.#ending) await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function needProgram(name: string, config: CliConfig): string {
  const path = findProgram(name, config.path);
  if (path === undefined)
    throw new UserError(
      `${name} was not found`,
      'run `npm start` once in the checkout, which fetches it, or put it on PATH',
    );
  return path;
}

/** Takes the lock; where it is held, the holder is ended if that is wanted: its processes go on. */
async function lockOrRefuse(
  layout: Layout,
  of: { readonly config: CliConfig; readonly request: UpRequest; readonly earlier: Instance | undefined },
): Promise<Lock> {
  const name = { uid: of.config.uid, id: layout.id };
  const lock = await takeLock(name);
  if (lock !== undefined) return lock;
  if (of.request.takeOver && of.earlier !== undefined && signalProcess(of.earlier.supervisor, 'SIGKILL')) {
    await waitForEnd(of.earlier.supervisor, 5_000);
    const freed = await takeLock(name);
    if (freed !== undefined) return freed;
  }
  const who = of.earlier === undefined ? 'another process' : `pid ${of.earlier.supervisor.pid}`;
  throw new UserError(
    `sluice is already up on ${layout.root} (${who})`,
    '`sluice down` stops it, `sluice up --take-over` goes on in its place, and another --data-dir runs a second instance',
  );
}
