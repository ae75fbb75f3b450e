import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type RunningEnvoy, startEnvoy } from '@sluice/testkit';
import { envoyBootstrap } from '@sluice/xds-server/core';
import type { Sluice } from './sluice.ts';

/** A network of its own, so that it can bind the same addresses as the instance's Envoy without taking its requests. */
const ownNetwork = [
  'unshare',
  '--map-root-user',
  '--net',
  'sh',
  '-c',
  'ip link set lo up && exec "$@"',
  'sh',
];

/** Why a second Envoy cannot be started here; undefined where it can. */
export function secondEnvoyMissing(): string | undefined {
  const [command = '', ...args] = [...ownNetwork, 'true'];
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return undefined;
  return `no network namespace can be made: ${error?.message ?? stderr.trim()}`;
}

/** Starts another Envoy at the instance's xds-server. @param runtime flags of its own that make it odd */
export function startSecondEnvoy(
  sluice: Sluice,
  of: { readonly nodeId: string; readonly runtime?: Readonly<Record<string, unknown>> },
): Promise<RunningEnvoy> {
  const xdsSocket = join(sluice.dataDir, 'run', 'xds-0.sock');
  const bootstrap = JSON.parse(
    envoyBootstrap({ nodeId: of.nodeId, nodeCluster: 'sluice-standalone', xdsSocket }),
  ) as object;
  const layers = [{ name: 'odd', static_layer: of.runtime ?? {} }];
  return startEnvoy({ bootstrap: { ...bootstrap, layered_runtime: { layers } }, within: ownNetwork });
}
