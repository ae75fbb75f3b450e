// One Ingress changed among many that share an address: from the rename of its file to the first answer that shows it, and
// its cost. The change is another backend, since an Ingress has nothing else that an answer shows.
import { setTimeout as pause } from 'node:timers/promises';
import { type Backend, type RequestTarget, serviceObjects, startBackend } from '@sluice/testkit';
import { footprintAtRest } from '../harness/footprint.ts';
import { ingress, ingressPath } from '../harness/objects.ts';
import { type Sluice, startSluice } from '../harness/sluice.ts';
import { BenchClient, type Effect, effectOf, lookEveryMs, type Place } from './client.ts';
import { type BaseLoad, beginCost, type CostOfChange, endCost } from './cost.ts';
import { ManifestDirectory } from './object-sink.ts';
import { type Summary, summarize } from './percentile.ts';
import { perProcess } from './processes.ts';
import { serviceNames, startPatienceMs } from './world.ts';

/** What is measured with one number of Ingresses. */
export interface IngressResult {
  /** Ingresses. */
  readonly routes: number;
  /** Milliseconds from the rename of its file to the first answer that shows the change. */
  readonly ms: Summary;
  /** Answers on the way that nobody should get. */
  readonly failed: number;
  readonly cost: CostOfChange;
}

/** How much is measured. */
export interface IngressLoad {
  readonly ingresses: number;
  readonly changes: number;
  readonly progress: (text: string) => void;
}

const warmUps = 3;
const patienceMs = 60_000;
const restMs = 300_000;
/** A prime: the changed ones are spread over all. */
const stride = 7_919;
const nothing: BaseLoad = { idlePerSecond: perProcess(() => 0), perLook: perProcess(() => 0) };

/** Starts the platform with so many Ingresses and changes some of them, one after the other. */
export async function measureIngress(load: IngressLoad): Promise<IngressResult> {
  await using stack = new AsyncDisposableStack();
  const sink = stack.use(new ManifestDirectory());
  for (const name of serviceNames) await sink.write(servedBy(stack.use(await startBackend({ name }))));
  await sink.write(Array.from({ length: load.ingresses }, (_, i) => oneIngress(i, 'echo')));
  load.progress('start');
  const args = sink.upArguments;
  const sluice = stack.use(await startSluice({ manifests: {}, args, startMs: startPatienceMs }));
  const target = await sharedTarget(sluice);
  load.progress(`${load.changes} × changed Ingress`);
  await footprintAtRest(sluice.dataDir, restMs);
  return { routes: load.ingresses, ...(await measure({ sluice, sink, target, load })) };
}

async function measure(of: {
  sluice: Sluice;
  sink: ManifestDirectory;
  target: RequestTarget;
  load: IngressLoad;
}): Promise<Omit<IngressResult, 'routes'>> {
  const { sluice, sink, target, load } = of;
  await using client = new BenchClient(target);
  const change = (i: number): Promise<Effect> => {
    // The same Ingress twice: there, and back.
    const index = (Math.floor(i / 2) * stride) % load.ingresses;
    const backend = i % 2 === 0 ? 'other' : 'echo';
    return effectOf(client, {
      place: placeOf(index),
      stage: () => sink.stage([oneIngress(index, backend)]),
      seen: (look) => look.backend === backend,
      allowed: [200],
      patienceMs,
      what: `changed Ingress ${i}`,
    });
  };
  for (let i = 0; i < warmUps; i += 1) await change(i);
  const start = await beginCost(sluice, client.asked);
  const effects: Effect[] = [];
  for (let i = 0; i < load.changes; i += 1) {
    effects.push(await change(warmUps + 1 + i));
    await pause(100 * lookEveryMs);
  }
  const cost = await endCost(sluice, { start, asked: client.asked, changes: load.changes, base: nothing });
  const failed = effects.reduce((sum, { failures }) => sum + failures.length, 0);
  return { ms: summarize(effects.map(({ ms }) => ms)), failed, cost };
}

/** The address that all share; a list of all Ingresses would be long. */
async function sharedTarget(sluice: Sluice): Promise<RequestTarget> {
  const { stdout } = await sluice.cli('get', 'ir', 'listener:ingressclass:/sluice/80', '-o', 'json');
  const { items } = JSON.parse(stdout) as {
    items: { resource: { addresses: string[]; bindPort: number } }[];
  };
  const [listener] = items.map(({ resource }) => resource);
  const [address] = listener?.addresses ?? [];
  if (listener === undefined || address === undefined) throw new Error('there is no listener for Ingresses');
  return { address, port: listener.bindPort };
}

function servedBy(backend: Backend): object[] {
  backend.respond(() => ({ headers: { 'x-backend': backend.name }, body: 'ok' }));
  return serviceObjects({ name: backend.name, endpoints: [backend] });
}

function nameOf(index: number): string {
  return `i${String(index).padStart(5, '0')}`;
}

function placeOf(index: number): Place {
  return { host: `${nameOf(index)}.example`, path: '/' };
}

function oneIngress(index: number, service: (typeof serviceNames)[number]): object {
  const { host, path } = placeOf(index);
  const rules = [{ host, http: { paths: [ingressPath('Prefix', path, service)] } }];
  return ingress(nameOf(index), { rules }, { annotations: { 'sluice.io/loadbalancer-mode': 'shared' } });
}
