// One object changed among many of its kind: from the rename of its file to the first answer that shows it, and its cost.
// The change is another backend, and back.
import { setTimeout as pause } from 'node:timers/promises';
import { type RequestTarget, serviceObjects } from '@sluice/testkit';
import { footprintAtRest } from '../harness/footprint.ts';
import { type Sluice, startSluice } from '../harness/sluice.ts';
import { measureClientLoad } from './base-load.ts';
import { BenchClient, type Effect, effectOf, lookEveryMs, type Place } from './client.ts';
import { beginCost, type CostOfChange, endCost } from './cost.ts';
import { type NamedBackend, startNamedBackend } from './named-backend.ts';
import { ManifestDirectory } from './object-sink.ts';
import { type Summary, summarize } from './percentile.ts';
import { type ServiceName, serviceNames, startPatienceMs } from './world.ts';

/** What is measured with one number of objects. */
export interface ManyResult {
  /** Objects: the column of the table. */
  readonly routes: number;
  /** Milliseconds from the rename of its file to the first answer that shows the change. */
  readonly ms: Summary;
  /** Answers on the way that nobody should get. */
  readonly failed: number;
  readonly cost: CostOfChange;
}

/** A kind of objects, each with something that an answer shows. */
export interface ManyKind {
  /** In the words of progress and faults, e.g. `Ingresses`. */
  readonly name: string;
  /** Further arguments of `sluice up`. */
  readonly args?: readonly string[];
  /** What stands beside the changed object, and does not change. */
  beside?(index: number): object[];
  /** The object, with where its requests go. */
  object(index: number, to: ServiceName): object;
  place(index: number): Place;
  /** Where each is reached; asked once. */
  targets(sluice: Sluice): Promise<(index: number) => RequestTarget>;
}

/** How much is measured. */
export interface ManyLoad {
  readonly count: number;
  readonly changes: number;
  /** As in `BenchOptions`. */
  readonly idleMs: number;
  readonly tidyMs: number;
  readonly looks: number;
  readonly progress: (text: string) => void;
}

const patienceMs = 60_000;
const restMs = 300_000;
/** A prime: the changed ones are spread over all. */
const stride = 7_919;

/** Starts the platform with so many objects and changes some of them, one after the other. */
export async function measureOneOfMany(kind: ManyKind, load: ManyLoad): Promise<ManyResult> {
  await using stack = new AsyncDisposableStack();
  const sink = stack.use(new ManifestDirectory());
  for (const name of serviceNames) await sink.write(servedBy(stack.use(await startNamedBackend({ name }))));
  for (let i = 0; i < load.count; i += 1)
    await sink.write([...(kind.beside?.(i) ?? []), kind.object(i, 'echo')]);
  load.progress('start');
  const args = [...sink.upArguments, ...(kind.args ?? [])];
  const sluice = stack.use(await startSluice({ manifests: {}, args, startMs: startPatienceMs }));
  const targetOf = await kind.targets(sluice);
  load.progress('rest');
  await footprintAtRest(sluice.dataDir, restMs);
  await pause(load.tidyMs);
  load.progress(`${load.changes} changes`);
  return { routes: load.count, ...(await measure({ kind, sluice, sink, load, targetOf })) };
}

async function measure(of: {
  kind: ManyKind;
  sluice: Sluice;
  sink: ManifestDirectory;
  load: ManyLoad;
  targetOf: (index: number) => RequestTarget;
}): Promise<Omit<ManyResult, 'routes'>> {
  const { kind, sluice, sink, load, targetOf } = of;
  await using clients = new Clients(targetOf);
  const change = (i: number): Promise<Effect> => {
    // The same object twice: there, and back.
    const index = (Math.floor(i / 2) * stride) % load.count;
    const backend = i % 2 === 0 ? 'other' : 'echo';
    return effectOf(clients.at(index), {
      place: kind.place(index),
      stage: () => sink.stage([kind.object(index, backend)]),
      seen: (look) => look.backend === backend,
      allowed: [200],
      patienceMs,
      what: `changed ${kind.name} ${i}`,
    });
  };
  const base = await measureClientLoad({ sluice, client: clients.at(0), place: kind.place(0) }, load);
  const made = async (from: number, to: number): Promise<Effect[]> => {
    const effects: Effect[] = [];
    for (let i = from; i < to; i += 1) {
      effects.push(await change(i));
      await pause(100 * lookEveryMs);
    }
    return effects;
  };
  const { changes } = load;
  const warmUp = await made(0, changes);
  const start = await beginCost(sluice, clients.asked);
  const effects = await made(changes, 2 * changes);
  const cost = await endCost(sluice, { start, asked: clients.asked, changes, base });
  const failed = [...warmUp, ...effects].reduce((sum, { failures }) => sum + failures.length, 0);
  return { ms: summarize(effects.map(({ ms }) => ms)), failed, cost };
}

/** A client for each place. */
class Clients implements AsyncDisposable {
  readonly #clients = new Map<string, BenchClient>();
  readonly #targetOf: (index: number) => RequestTarget;

  constructor(targetOf: (index: number) => RequestTarget) {
    this.#targetOf = targetOf;
  }

  at(index: number): BenchClient {
    const target = this.#targetOf(index);
    const key = `${target.address} ${target.port}`;
    const client = this.#clients.get(key) ?? new BenchClient(target);
    this.#clients.set(key, client);
    return client;
  }

  /** Requests of all of them. */
  get asked(): number {
    return [...this.#clients.values()].reduce((sum, { asked }) => sum + asked, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients.values()) await client[Symbol.asyncDispose]();
  }
}

function servedBy(backend: NamedBackend): object[] {
  return serviceObjects({ name: backend.name, endpoints: [backend] });
}
