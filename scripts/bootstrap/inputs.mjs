import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashOfSources } from '../bundle/fresh.mjs';
import { pins, root } from './paths.mjs';

/** @param {string} dir @returns {string[]} */
const filesIn = (dir) =>
  existsSync(dir)
    ? readdirSync(dir, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(dir, entry.name))
        .sort()
    : [];

/** @param {string} parent @returns {string[]} */
const manifestsBelow = (parent) =>
  (existsSync(join(root, parent)) ? readdirSync(join(root, parent), { withFileTypes: true }) : [])
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(root, parent, entry.name, 'package.json'))
    .filter((file) => existsSync(file))
    .sort();

/** @param {string[]} files */
function hashOf(files) {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}\n`);
  for (const file of files) hash.update(`${file.slice(root.length)}\n`).update(readFileSync(file));
  return hash.digest('hex');
}

/** The folders whose children are packages of the workspace (pnpm-workspace.yaml). */
const parents = ['packages', 'services', 'examples'];

/**
 * For each step of the set-up, the hash of all that its result depends on.
 * @returns {Record<'node' | 'pnpm' | 'nats-server' | 'envoy' | 'zig' | 'libbpf' | 'bpf' | 'workspace' | 'envoy-api' | 'bundles', string>}
 */
export function inputHashes() {
  const tools = join(root, 'scripts/bootstrap/tools.mjs');
  const lock = join(root, 'pnpm-lock.yaml');
  const manifests = ['package.json', 'pnpm-workspace.yaml', 'cli/package.json', 'test/package.json'];
  const workspace = [lock, ...manifests.map((file) => join(root, file)), ...parents.flatMap(manifestsBelow)];
  const generator = filesIn(join(root, 'packages/envoy-api/src')).filter(
    (file) => !file.endsWith('.test.ts'),
  );
  return {
    node: hashOf([tools, ...filesIn(join(pins, `node-${process.platform}-${process.arch}`))]),
    pnpm: hashOf([tools, ...filesIn(join(pins, 'pnpm'))]),
    'nats-server': hashOf([tools, join(pins, 'wheels/nats-server.txt')]),
    envoy: hashOf([tools, join(pins, 'wheels/envoy.txt')]),
    zig: hashOf([join(root, 'scripts/bootstrap/zig.mjs'), join(pins, 'wheels/ziglang.txt')]),
    libbpf: hashOf([
      join(root, 'scripts/bootstrap/libbpf.mjs'),
      join(pins, 'wheels/ziglang.txt'),
      ...filesIn(join(pins, 'libbpf')),
    ]),
    bpf: hashOf([join(root, 'scripts/bpf/main.mjs'), ...filesIn(join(root, 'services/bpf-agent/bpf'))]),
    workspace: hashOf(workspace.filter((file) => existsSync(file))),
    'envoy-api': hashOf([lock, ...generator]),
    bundles: hashOfSources(root),
  };
}
