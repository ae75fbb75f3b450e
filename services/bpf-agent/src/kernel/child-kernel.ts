// The port, by a supervised child process. The child may die at any moment, by a fault of native code or by somebody's hand: programs
// and maps are pinned and go on working, calls that were under way fail with `gone`, later ones are done by the next child.
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import {
  type AttachPoint,
  type Kernel,
  KernelError,
  type KernelFeatures,
  type LoadedObject,
  type LookupTable,
  type MapFill,
  type MapKeys,
  type MapName,
  type MapPage,
  type MapRows,
  type TestRunRequest,
  type TestRunResult,
} from '../core/kernel-port.ts';
import { type RingBatch, recordsOf } from '../core/ring-reader.ts';
import { EventQueue } from './event-queue.ts';
import type { Answer, CallName, Calls, KernelSettings, Request, Result } from './protocol.ts';

export interface ChildKernelOptions extends KernelSettings {
  /** Told when a child has died; the next one is started after `waitMs`. Not told of an end by `close`. */
  readonly onDeath?: (death: { readonly reason: string; readonly waitMs: number }) => void;
  /** Words before the child's command, which let it run in a network namespace of its own, e.g. `nsenter …`; default: none. */
  readonly enter?: readonly string[];
  /** The first wait before a new child, which doubles until a call succeeds; default 100. */
  readonly restartMs?: number;
}

const longestWaitMs = 10_000;
/** A source also where the agent runs as a bundle: services/bpf-agent/build/<hash>/main.js. */
const childFile = join(import.meta.dirname, '../../src/kernel/child.ts');

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (fault: KernelError) => void;
}

interface ChildOptions {
  readonly enter: readonly string[];
  readonly onEvents: (batch: RingBatch) => void;
  readonly onEnd: (reason: string) => void;
}

/** One child and the calls it owes. */
class Child {
  readonly process: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  constructor({ enter, onEvents, onEnd }: ChildOptions) {
    const [execPath = process.execPath, ...execArgv] = [
      ...enter,
      process.execPath,
      '--disable-warning=ExperimentalWarning',
    ];
    this.process = fork(childFile, [], {
      serialization: 'advanced',
      execPath,
      execArgv,
      env: {},
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.process.on('message', (answer: Answer) => {
      if (answer.kind === 'events') return onEvents(answer.batch);
      const pending = this.#pending.get(answer.id);
      this.#pending.delete(answer.id);
      if (answer.kind === 'result') pending?.resolve(answer.value);
      else pending?.reject(new KernelError(answer.fault));
    });
    this.process.on('error', () => {});
    this.process.on('exit', (code, signal) => {
      const reason = `the kernel process ended with ${signal ?? code}`;
      for (const { reject } of this.#pending.values())
        reject(new KernelError({ kind: 'gone', message: reason }));
      this.#pending.clear();
      onEnd(reason);
    });
  }

  call<Name extends CallName>(name: Name, values: Calls[Name]): Promise<Result<Name>> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise<Result<Name>>((resolve, reject) => {
      // the answer to a call has that call's type: child.ts is bound to the same table
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.send({ kind: 'call', id, name, values });
    });
  }

  /** A message that cannot be sent any more is answered by the end of the child. */
  send(request: Request): void {
    if (this.process.connected) this.process.send(request, () => {});
  }
}

class ChildKernel implements Kernel {
  readonly #options: ChildKernelOptions;
  readonly #events: EventQueue;
  #child: Promise<Child>;
  #current: Child | undefined;
  #wait: NodeJS.Timeout | undefined;
  #waitMs: number;
  #loaded = false;
  #listening = false;
  #closed = false;

  constructor(options: ChildKernelOptions) {
    this.#options = options;
    this.#waitMs = options.restartMs ?? 100;
    this.#events = new EventQueue(() => this.#current?.send({ kind: 'taken' }));
    this.#child = this.#start();
    // who calls is told; who does not call needs not know
    this.#child.catch(() => {});
  }

  /** Of the child; undefined while there is none. */
  get pid(): number | undefined {
    return this.#current?.process.pid;
  }

  probe(): Promise<KernelFeatures> {
    return this.#call('probe', []);
  }

  async load(): Promise<LoadedObject> {
    const loaded = await this.#call('load', []);
    this.#loaded = true;
    return loaded;
  }

  async update(map: MapName, rows: MapRows): Promise<void> {
    await this.#call('update', [map, rows]);
  }

  async remove(map: MapName, rows: MapKeys): Promise<void> {
    await this.#call('remove', [map, rows]);
  }

  dump(map: MapName): Promise<MapRows> {
    return this.#call('dump', [map]);
  }

  page(map: MapName, from: Uint8Array | null): Promise<MapPage> {
    return this.#call('page', [map, from]);
  }

  fill(): Promise<readonly MapFill[]> {
    return this.#call('fill', []);
  }

  async updateTables(tables: readonly LookupTable[]): Promise<void> {
    await this.#call('updateTables', [tables]);
  }

  async attach(point: AttachPoint): Promise<void> {
    await this.#call('attach', [point]);
  }

  async detach(point: AttachPoint): Promise<void> {
    await this.#call('detach', [point]);
  }

  testRun(program: string, request: TestRunRequest): Promise<TestRunResult> {
    return this.#call('testRun', [program, request]);
  }

  lost(): Promise<bigint> {
    return this.#call('lost', []);
  }

  async *events(): AsyncIterable<readonly Uint8Array[]> {
    if (!this.#listening) await this.#call('listen', []);
    this.#listening = true;
    for await (const batch of this.#events) yield recordsOf(batch);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#wait);
    this.#events.end();
    const child = this.#current?.process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.connected) child.disconnect();
    await ended;
  }

  async #call<Name extends CallName>(name: Name, values: Calls[Name]): Promise<Result<Name>> {
    if (this.#closed) throw new KernelError({ kind: 'gone', message: 'the kernel is closed' });
    const result = await (await this.#child).call(name, values);
    this.#waitMs = this.#options.restartMs ?? 100;
    return result;
  }

  /** A child that knows all that its predecessor knew. Rejects with the fault of opening, which is that of each call then. */
  async #start(): Promise<Child> {
    const { onDeath: _, restartMs: __, enter = [], ...settings } = this.#options;
    const child = new Child({
      enter,
      onEvents: (batch) => this.#events.put(batch),
      onEnd: (reason) => this.#restart(reason),
    });
    this.#current = child;
    await child.call('open', [settings]);
    if (this.#loaded) await child.call('load', []);
    if (this.#listening) await child.call('listen', []);
    return child;
  }

  #restart(reason: string): void {
    this.#current = undefined;
    if (this.#closed) return;
    const waitMs = this.#waitMs;
    this.#waitMs = Math.min(longestWaitMs, 2 * waitMs);
    this.#options.onDeath?.({ reason, waitMs });
    this.#child = new Promise<void>((resolve) => {
      this.#wait = setTimeout(resolve, waitMs);
    }).then(() => this.#start());
    // what could be loaded before will be again
    this.#child.catch(() => {
      if (this.#loaded) this.#current?.process.kill('SIGKILL');
    });
  }
}

export type { ChildKernel };

/** Starts the child; nothing is loaded yet. Its faults are those of the first call. */
export function startKernel(options: ChildKernelOptions): ChildKernel {
  return new ChildKernel(options);
}
