import { existsSync, mkdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundlesFile, readBundles } from '../bundle/fresh.mjs';
import { inputHashes } from './inputs.mjs';
import { bin, libbpfDirectory, root, toolchain, zigDirectory } from './paths.mjs';

/** @typedef {keyof ReturnType<typeof import('./inputs.mjs').inputHashes>} StepName */

const file = join(toolchain, 'stamp.json');

/** What must exist for a step's result to count as there. */
const results = {
  node: join(bin, 'node'),
  pnpm: join(bin, 'pnpm'),
  'nats-server': join(bin, 'nats-server'),
  envoy: join(bin, 'envoy'),
  zig: join(zigDirectory, 'zig'),
  libbpf: join(libbpfDirectory, 'origin.txt'),
  bpf: join(root, 'services/bpf-agent/bpf/build/lb.bpf.o'),
  workspace: join(root, 'node_modules/.modules.yaml'),
  'envoy-api': join(root, 'packages/envoy-api/gen/registry.js'),
  bundles: join(root, bundlesFile),
};

/** @returns {Partial<Record<StepName, string>>} the hashes of the inputs that each finished step was run with */
function read() {
  const bundles = readBundles(root)?.inputs;
  const built = bundles === undefined ? {} : { bundles };
  try {
    return { ...JSON.parse(readFileSync(file, 'utf8')), ...built };
  } catch {
    return built;
  }
}

/**
 * The steps still to be done.
 * @param {Record<StepName, string>} wanted
 * @returns {Set<StepName>}
 */
export function stale(wanted) {
  const done = read();
  const names = /** @type {StepName[]} */ (Object.keys(wanted));
  return new Set(names.filter((name) => done[name] !== wanted[name] || !existsSync(results[name])));
}

/**
 * Notes a step as done, whole or not at all.
 * @param {StepName} name
 * @param {string} hash
 */
export function markDone(name, hash) {
  mkdirSync(toolchain, { recursive: true });
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify({ ...read(), [name]: hash }, null, 2)}\n`);
  renameSync(`${file}.${process.pid}`, file);
}

/** Makes the stamp newer than its inputs, which is all that the launcher `bin/sluice` looks at. */
export function touch() {
  const now = new Date();
  try {
    utimesSync(file, now, now);
  } catch {
    // a checkout of somebody else: the launcher asks again the next time
  }
}

/** Whether nothing is to be done. */
export function isUpToDate() {
  const fresh = stale(inputHashes()).size === 0;
  if (fresh) touch();
  return fresh;
}
