import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  type LaunchedProcess,
  launch,
  type Manifest,
  type RunningNats,
  startNats,
  type TempDir,
  tempDir,
  until,
  writeManifests,
} from '@sluice/testkit';
import {
  addUplink,
  type NodeNetwork,
  networkUnavailable,
  startNodeNetwork,
  type TestNode,
} from '@sluice/testkit/network';
import { type Figures, metricsOf } from './metrics.ts';
import { startService } from './services.ts';

/** Nodes with an agent each, and all that comes before the agents. Disposing it takes all of it away. */
export interface Datapath extends AsyncDisposable {
  readonly network: NodeNetwork;
  readonly nodes: readonly DatapathNode[];
  /** Changes files of the manifest directory, and waits for nothing. */
  write(files: Readonly<Record<string, Manifest | null>>): void;
  /** Changes files of the manifest directory, in one revision, and resolves when it is in each node's kernel. */
  apply(files: Readonly<Record<string, Manifest | null>>): Promise<void>;
  /** `/metrics` of the node's agent. */
  figures(node: DatapathNode): Promise<Figures>;
}

export interface DatapathNode extends TestNode {
  /** The agent that runs now. */
  agent(): LaunchedProcess;
  /** Ends the agent, and by SIGKILL, the default, its children with it; waits until it is gone. Programs and maps stay. */
  stopAgent(signal?: NodeJS.Signals): Promise<void>;
  startAgent(): Promise<void>;
}

/** Why it cannot be run here; undefined where it can. */
export const datapathUnavailable = networkUnavailable;

/** What is to be run. */
export interface DatapathOptions {
  /** Default 1. */
  readonly nodes?: number;
  /** Of every agent, beside what it always has. */
  readonly env?: Readonly<Record<string, string>>;
  /** The zone of each node; default: none has one. */
  readonly zones?: readonly string[];
  /** Of an administrator of an API server, whose objects are read instead of the manifest directory's. */
  readonly kubeconfig?: string;
}

/** Starts NATS, api-watcher on a directory, translator, and an agent on each node, which looks at eth0. */
export async function startDatapath(options: DatapathOptions = {}): Promise<Datapath> {
  const { nodes: count = 1, env = {}, zones = [], kubeconfig } = options;
  const stack = new AsyncDisposableStack();
  try {
    const network = stack.use(await startNodeNetwork({ nodes: count }));
    const dir = stack.use(tempDir());
    const nats = stack.use(await startNats());
    const manifests = dir.file('manifests');
    writeManifests(manifests, {
      'namespace.yaml': { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } },
    });
    const common = { dataDir: dir.path, nats };
    const key = dir.file('secret.key');
    writeFileSync(key, randomBytes(32), { mode: 0o600 });
    const source: Record<string, string> =
      kubeconfig === undefined
        ? { SLUICE_SOURCE_DIRS: manifests }
        : { SLUICE_SOURCE: 'kubernetes', SLUICE_KUBECONFIG: kubeconfig };
    const watched = { ...source, SLUICE_SECRET_KEY_FILE: key };
    stack.use(await startService({ ...common, name: 'api-watcher', env: watched }));
    stack.use(await startService({ ...common, name: 'translator' }));
    const nodes: DatapathNode[] = [];
    for (const [index, node] of network.nodes.entries()) {
      const zone = { SLUICE_ZONE: zones[index] ?? '' };
      nodes.push(await withAgent(stack, { node, dir, nats, env: { ...zone, ...env } }));
    }
    const revisions = () => Promise.all(nodes.map(({ name }) => agentRevision(dir.path, name)));
    return {
      network,
      nodes,
      figures: ({ name }) => metricsOf(dir.path, name),
      write: (files) => writeManifests(manifests, files),
      apply: async (files) => {
        const before = await revisions();
        writeManifests(manifests, files);
        await until(
          async () => (await revisions()).every((revision, index) => revision > (before[index] ?? 0)),
          {
            message: () => `the kernels of all nodes\n${nodes.map((node) => node.agent().log()).join('\n')}`,
          },
        );
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Sequence of the newest revision that is in the node's kernel. */
async function agentRevision(dataDir: string, node: string): Promise<number> {
  return (await metricsOf(dataDir, node)).get('sluice_datapath_revision_seq') ?? 0;
}

const program = fileURLToPath(new URL('../../services/bpf-agent/src/main.ts', import.meta.url));

interface AgentSetup {
  readonly node: TestNode;
  readonly dir: TempDir;
  readonly nats: RunningNats;
  readonly env: Readonly<Record<string, string>>;
}

async function withAgent(stack: AsyncDisposableStack, setup: AgentSetup): Promise<DatapathNode> {
  const { node, dir, nats, env } = setup;
  const natsUrl = await relay(stack, addUplink(node.namespace.pid).hostAddress, nats.url);
  let running: LaunchedProcess | undefined;
  const startAgent = async () => {
    running = await launch({
      name: `bpf-agent of ${node.name}`,
      ...node.inside(process.execPath, [program]),
      env: {
        PATH: process.env.PATH,
        SLUICE_NATS_URL: natsUrl,
        SLUICE_HTTP_LISTEN: `unix:${dir.file('run', `${node.name}.http.sock`)}`,
        SLUICE_NODE: node.name,
        SLUICE_NODE_IPS: `${node.address},${node.address6}`,
        SLUICE_INTERFACES: 'eth0',
        SLUICE_CGROUP: '/sys/fs/cgroup',
        ...env,
      },
    });
    await until(() => metricsOf(dir.path, node.name), {
      timeoutMs: 180_000,
      message: () => running?.log() ?? '',
    });
  };
  await startAgent();
  stack.defer(async () => void (await running?.stop()));
  return {
    ...node,
    startAgent,
    agent: () => {
      if (running === undefined) throw new Error(`no agent on ${node.name}`);
      return running;
    },
    stopAgent: async (signal = 'SIGKILL') => {
      if (running === undefined) return;
      const children = signal === 'SIGKILL' ? childrenOf(running.pid) : [];
      running.kill(signal);
      for (const child of children) killIfThere(child);
      await running.exited;
    },
  };
}

/** Those that run now. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === parent)
    .map(Number);
}

/** Field 4 of proc_pid_stat(5), behind the name, which may hold anything. */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]);
  } catch {
    return undefined;
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended with its parent.
  }
}

/** Lets a node reach NATS, which listens at this network's loopback. */
async function relay(stack: AsyncDisposableStack, address: string, natsUrl: string): Promise<string> {
  const { hostname, port } = new URL(natsUrl);
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  });
  server.listen(0, address);
  await once(server, 'listening');
  stack.defer(() => void server.close());
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('no port');
  return `nats://${address}:${at.port}`;
}
