import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, type Dispatcher, request } from 'undici';
import { type LaunchedProcess, launch } from '../process.ts';
import { until } from '../until.ts';
import { type ComponentName, componentArgs, etcdUrl } from './components.ts';
import { apiPort, clusterFiles } from './layout.ts';
import type { Setup } from './protocol.ts';
import { post } from './store.ts';

/** How long a part has until it serves, milliseconds: 4 s are usual, a loaded machine took 15. */
const startMs = 120_000;

/** The processes of one control plane. */
export class Components {
  readonly #setup: Setup;
  readonly #onDeath: (message: string) => void;
  readonly #running = new Map<ComponentName, LaunchedProcess>();
  readonly #agent: Agent;

  /** `onDeath` hears of a part that ended without having been told to. */
  constructor(setup: Setup, onDeath: (message: string) => void) {
    this.#setup = setup;
    this.#onDeath = onDeath;
    const ca = readFileSync(join(clusterFiles(setup.dir).pki, 'ca.crt'), 'utf8');
    this.#agent = new Agent({ connect: { ca } });
  }

  /** Starts a part and waits until it serves. @throws Error with the end of its log */
  async start(name: ComponentName): Promise<void> {
    const { dir, programs, env } = this.#setup;
    const command = programs[name];
    if (command === undefined) throw new Error(`no program for ${name}`);
    if (this.#running.has(name)) throw new Error(`${name} runs already`);
    const logFile = join(clusterFiles(dir).logs, `${name}.log`);
    const child = await launch({
      name,
      command,
      args: componentArgs(name, this.#setup),
      cwd: dir,
      env: { ...process.env, ...env[name] },
      logFile,
    });
    this.#running.set(name, child);
    void child.exited.then(({ code, signal }) => {
      if (this.#running.get(name) !== child) return;
      this.#running.delete(name);
      this.#onDeath(`${name} ended by itself (${signal ?? code}): ${tail(child)}`);
    });
    await until(async () => !child.running || (await this.#serves(name, child)), {
      timeoutMs: startMs,
      intervalMs: 50,
      message: () => `${name} to serve; its log ends with:\n${tail(child)}`,
    });
    if (!child.running) throw new Error(`${name} ended at its start: ${tail(child)}`);
  }

  /** Sends a signal; after one that ends it, waits until it is gone. */
  async signal(name: ComponentName, signal: NodeJS.Signals): Promise<void> {
    const child = this.#running.get(name);
    if (child === undefined) throw new Error(`${name} does not run`);
    const ends = signal === 'SIGTERM' || signal === 'SIGKILL';
    if (ends) this.#running.delete(name);
    child.kill(signal);
    if (ends) await child.exited;
  }

  /** Compacts etcd at its newest revision: who wants to go on from an older one is told that it is gone. */
  async compact(): Promise<void> {
    const { header } = (await post('/v3/kv/range', { key: 'AA==', count_only: true })) as EtcdAnswer;
    await post('/v3/kv/compaction', { revision: header.revision, physical: true });
  }

  async #serves(name: ComponentName, child: LaunchedProcess): Promise<boolean> {
    switch (name) {
      case 'etcd':
        return isOk(request(`${etcdUrl}/health`));
      case 'kube-apiserver':
        return isOk(request(`https://127.0.0.1:${apiPort}/readyz`, { dispatcher: this.#agent }));
      case 'kube-controller-manager':
        // It makes its own certificate at start; this is the loopback of the cluster's own namespace.
        return isOk(request('https://127.0.0.1:10257/healthz', { dispatcher: trustingAgent }));
      case 'kube-proxy':
        return isOk(request('http://127.0.0.1:10256/healthz'));
      case 'coredns':
        return isOk(request('http://127.0.0.1:8181/ready'));
      case 'pod-runner':
        return child.stdout().includes('the pod runner serves');
      default:
        throw new TypeError(`no component ${name satisfies never}`);
    }
  }
}

interface EtcdAnswer {
  readonly header: { readonly revision: string };
}

const trustingAgent = new Agent({ connect: { rejectUnauthorized: false } });

async function isOk(answer: Promise<Dispatcher.ResponseData>): Promise<boolean> {
  const { statusCode, body } = await answer;
  await body.dump();
  return statusCode === 200;
}

const tail = (child: LaunchedProcess): string => child.log().trim().split('\n').slice(-8).join('\n');
