import { setTimeout } from 'node:timers/promises';
import type { V1Container } from '@kubernetes/client-node';
import type { ContainerProcess } from './container-process.ts';
import { type ContainerState, initialContainer } from './container-state.ts';
import { endContainer } from './pre-stop.ts';
import { probeContainer } from './probe-loop.ts';

/** What a container is run with. */
export interface ContainerRunnerOptions {
  readonly container: V1Container;
  /** `never` for a policy of Never; `failure` for OnFailure and init containers. */
  readonly restart: 'always' | 'failure' | 'never';
  readonly ip: string;
  /** How long it has after SIGTERM, milliseconds; looked at when it is ended. */
  readonly graceMs: number;
  /** Starts one run of it. @throws Error with the reason, which the status shows; it is tried again */
  start(): Promise<ContainerProcess>;
  /** Called after each change of `state`. */
  onChange(): void;
}

/** First pause before a container that ended is started again; doubled up to the most: as the kubelet does. */
const backOff = { firstMs: 10_000, mostMs: 300_000, forgetMs: 600_000 } as const;
const createAgainMs = 1_000;

/** One container of a Pod through all its runs. */
export class ContainerRunner {
  readonly #options: ContainerRunnerOptions;
  #state: ContainerState;
  #pauseMs = 0;

  constructor(options: ContainerRunnerOptions) {
    this.#options = options;
    this.#state = initialContainer(options.container, 'PodInitializing');
  }

  get state(): ContainerState {
    return this.#state;
  }

  /** Runs it until it has ended for good (true: well) or the signal ends it. */
  async run(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      const process = await this.#create(signal);
      if (process === undefined) return false;
      const exitCode = await this.#live(process, signal);
      const { restart } = this.#options;
      if (signal.aborted || restart === 'never' || (restart === 'failure' && exitCode === 0))
        return exitCode === 0;
      await this.#pause(process, signal);
    }
    return false;
  }

  async #create(signal: AbortSignal): Promise<ContainerProcess | undefined> {
    while (!signal.aborted) {
      try {
        return await this.#options.start();
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        const reason = error instanceof ImageError ? 'ErrImagePull' : 'CreateContainerError';
        this.#set({ state: { waiting: { reason, message } } });
        await wait(createAgainMs, signal);
      }
    }
    return undefined;
  }

  async #live(process: ContainerProcess, signal: AbortSignal): Promise<number> {
    const { container, ip } = this.#options;
    this.#set({ state: { running: { startedAt: process.startedAt } } });
    const probing = new AbortController();
    let ending: Promise<void> | undefined;
    const stop = () => {
      ending ??= endContainer({ container, ip, process }, this.#options.graceMs);
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const listener = {
      onStarted: () => this.#set({ started: true }),
      onReady: (ready: boolean) => this.#set({ ready }),
      onDead: stop,
    };
    const probes = probeContainer({ container, ip, process }, listener, probing.signal);
    const { exitCode, finishedAt } = await process.exited;
    probing.abort();
    await probes;
    await ending;
    signal.removeEventListener('abort', stop);
    const reason = exitCode === 0 ? 'Completed' : 'Error';
    const terminated = { exitCode, finishedAt, reason, startedAt: process.startedAt };
    this.#set({ state: { terminated }, ready: false, started: false });
    return exitCode;
  }

  /** The first time it is started again at once. */
  async #pause(process: ContainerProcess, signal: AbortSignal): Promise<void> {
    if (Date.now() - process.startedAt.getTime() > backOff.forgetMs) this.#pauseMs = 0;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(Math.max(pauseMs * 2, backOff.firstMs), backOff.mostMs);
    const message = `back-off ${pauseMs / 1_000}s restarting failed container`;
    this.#set({
      last: this.#state.state,
      state: { waiting: { reason: 'CrashLoopBackOff', message } },
      restarts: this.#state.restarts + 1,
    });
    await wait(pauseMs, signal);
  }

  #set(change: Partial<ContainerState>): void {
    this.#state = { ...this.#state, ...change };
    this.#options.onChange();
  }
}

/** There is nothing to run for an image. */
export class ImageError extends Error {}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}
