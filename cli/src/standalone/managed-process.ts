import { Backoff } from './backoff.ts';
import type { PidFile } from './pid-file.ts';
import { isAlive, type ProcessIdentity, signalProcess } from './process-identity.ts';
import type { Health, Launch, ProcessSpec, ProcessView } from './process-spec.ts';
import { spawnDetached } from './spawn-detached.ts';
import { endProcess } from './stop.ts';

const adoptedPollMs = 200;
/** The first wait between two probes of a process that is not ready; each makes it longer by half, for it has work to do. */
const firstProbeMs = 50;
const longestProbeMs = 250;
/** Its end is told by the system; this tells only what is wrong with one that goes on. */
const readyProbeMs = 2_000;

interface Run {
  readonly identity: ProcessIdentity;
  readonly epoch: number;
  readonly adopted: boolean;
  /** Milliseconds of the monotonic clock at the first good probe; undefined before. */
  readySince: number | undefined;
  health: Health;
  poll: NodeJS.Timeout | undefined;
  timer: NodeJS.Timeout | undefined;
}

export interface ManagedProcessDeps {
  readonly instanceId: string;
  readonly pidFile: PidFile;
  /** Told what happened, in words. */
  readonly note: (text: string) => void;
  /** Told that `view` changed. */
  readonly changed: () => void;
  /** Told that it ended unasked, and whether it had been ready. */
  readonly ended?: (of: { readonly wasReady: boolean }) => void;
}

/**
 * Keeps one process running: starts it, or takes over the living one of an earlier supervisor when it is the same
 * program with the same configuration, and starts it again with growing delays when it ends.
 */
export class ManagedProcess {
  #spec: ProcessSpec;
  readonly #deps: ManagedProcessDeps;
  readonly #backoff = new Backoff();
  #run: Run | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #stopped = true;
  #restarts = 0;
  #lastExit = '';

  constructor(spec: ProcessSpec, deps: ManagedProcessDeps) {
    this.#spec = spec;
    this.#deps = deps;
  }

  get name(): string {
    return this.#spec.name;
  }

  get ready(): boolean {
    return this.#run?.health.ok === true;
  }

  get view(): ProcessView {
    const run = this.#run;
    return {
      name: this.#spec.name,
      state: this.#state(),
      pid: run?.identity.pid,
      restarts: this.#restarts,
      lastExit: this.#lastExit,
      adopted: run?.adopted ?? false,
      detail: run?.health.detail ?? '',
    };
  }

  #state(): ProcessView['state'] {
    if (this.#run !== undefined) {
      if (this.#run.health.ok) return 'ready';
      return this.#run.readySince === undefined ? 'starting' : 'unready';
    }
    if (this.#restartTimer !== undefined) return 'restarting';
    return this.#stopped && this.#lastExit !== '' ? 'stopped' : 'waiting';
  }

  /** Adopts, replaces or starts. Resolves once a process of this configuration runs (not: is ready). */
  async start(): Promise<void> {
    this.#stopped = false;
    const record = this.#deps.pidFile.read();
    if (record === undefined || !isAlive(record)) return this.#spawn({ epoch: 0 });
    if (record.configHash === this.#spec.configHash) {
      this.#deps.note(`${this.name} is still running (pid ${record.pid}): taken over`);
      this.#watch({ identity: record, epoch: record.epoch, adopted: true });
      return;
    }
    this.#deps.note(`${this.name} runs with another version or configuration (pid ${record.pid}): replaced`);
    if (this.#spec.handover) return this.#spawn({ epoch: record.epoch + 1 });
    await endProcess(record, this.#spec.stopTimeoutMs);
    await this.#spawn({ epoch: 0 });
  }

  /** Puts another configuration in force: the running process is replaced. */
  async reconfigure(spec: ProcessSpec): Promise<void> {
    if (spec.configHash === this.#spec.configHash) return;
    await this.stop();
    this.#spec = spec;
    await this.start();
  }

  /** SIGTERM, and SIGKILL after the spec's time. Resolves when the process is gone. */
  async stop(): Promise<void> {
    const run = this.#halt();
    if (run === undefined) return;
    await endProcess(run.identity, this.#spec.stopTimeoutMs);
    this.#gone();
  }

  /** Stops watching: the process lives on, for the next supervisor to take over. */
  abandon(): void {
    this.#halt();
    this.#unwatch();
  }

  /** SIGKILL at once. */
  kill(): void {
    const run = this.#halt();
    if (run === undefined) return;
    signalProcess(run.identity, 'SIGKILL');
    this.#gone();
  }

  #halt(): Run | undefined {
    this.#stopped = true;
    clearTimeout(this.#restartTimer);
    this.#restartTimer = undefined;
    return this.#run;
  }

  #gone(): void {
    this.#unwatch();
    this.#lastExit = 'stopped';
    this.#deps.pidFile.remove();
    this.#deps.changed();
  }

  async #spawn(launch: Launch): Promise<void> {
    const spec = this.#spec;
    const marks = { SLUICE_INSTANCE: this.#deps.instanceId, SLUICE_PROCESS: spec.name };
    try {
      if (launch.epoch === 0) spec.cleanUp?.();
      const { identity, ended } = await spawnDetached(spec, { launch, marks });
      this.#deps.pidFile.write({ ...identity, configHash: spec.configHash, epoch: launch.epoch });
      const run = this.#watch({ identity, epoch: launch.epoch, adopted: false });
      void ended.then((how) => this.#ended(run, how));
      // Stopped while it was being started.
      if (this.#stopped) await endProcess(identity, spec.stopTimeoutMs);
    } catch (error) {
      this.#ended(
        undefined,
        `could not be started: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  #watch(of: Pick<Run, 'identity' | 'epoch' | 'adopted'>): Run {
    const run: Run = {
      ...of,
      readySince: undefined,
      health: { ok: false, detail: '' },
      poll: undefined,
      timer: undefined,
    };
    this.#run = run;
    if (of.adopted)
      run.poll = setInterval(() => {
        if (!isAlive(run.identity)) this.#ended(run, 'ended');
      }, adoptedPollMs);
    void this.#probeForEver(run);
    this.#deps.changed();
    return run;
  }

  #unwatch(): void {
    clearInterval(this.#run?.poll);
    clearTimeout(this.#run?.timer);
    this.#run = undefined;
  }

  async #probeForEver(run: Run): Promise<void> {
    let waitMs = firstProbeMs;
    while (this.#run === run) {
      const health = await this.#spec.probe();
      if (this.#run !== run) return;
      if (health.ok) run.readySince ??= performance.now();
      const news = health.ok !== run.health.ok || health.detail !== run.health.detail;
      run.health = health;
      if (news) this.#deps.changed();
      await new Promise<void>((resolve) => {
        run.timer = setTimeout(resolve, health.ok ? readyProbeMs : waitMs);
      });
      waitMs = health.ok ? firstProbeMs : Math.min(longestProbeMs, 1.5 * waitMs);
    }
  }

  #ended(run: Run | undefined, how: string): void {
    if (this.#stopped || this.#run !== run) return;
    const healthyForMs = run?.readySince === undefined ? 0 : performance.now() - run.readySince;
    const delay = this.#backoff.next(healthyForMs);
    this.#unwatch();
    this.#lastExit = how;
    this.#restarts++;
    this.#deps.note(`${this.name} ${how}; started again ${delay === 0 ? 'at once' : `in ${delay} ms`}`);
    this.#restartTimer = setTimeout(() => {
      this.#restartTimer = undefined;
      void this.#spawn({ epoch: 0 });
    }, delay);
    this.#deps.ended?.({ wasReady: run?.readySince !== undefined });
    this.#deps.changed();
  }
}
