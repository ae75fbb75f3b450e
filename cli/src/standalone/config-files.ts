import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { natsServerConfig, streamPermissions } from '@sluice/event-log';
import { accessOf, natsUsers } from './access.ts';
import type { Keys } from './keys.ts';
import { writeWhole } from './pid-file.ts';
import { socketPaths } from './plan.ts';
import type { Settings, UpRequest } from './settings.ts';
import { servicePrograms } from './toolchain.ts';

/** A configuration file and what it says. */
export interface ConfigFile {
  readonly file: string;
  readonly text: string;
}

/** Writes the configuration of nats-server. */
export function writeNatsConfig(
  settings: Pick<Settings, 'layout' | 'natsPort' | 'natsMonitorPort'> & {
    readonly request: Pick<UpRequest, 'replicas'>;
  },
  keys: Keys,
): ConfigFile {
  const replicas = Array.from(
    { length: settings.request.replicas['xds-server'] },
    (_, replica) => `xds-server-${replica}`,
  );
  const users = natsUsers.map((name) => ({
    name,
    publicKey: keys[name],
    permissions: streamPermissions(name, accessOf(name, replicas)),
  }));
  const text = natsServerConfig({
    host: '127.0.0.1',
    port: settings.natsPort,
    monitorPort: settings.natsMonitorPort,
    storeDir: settings.layout.nats,
    users,
  });
  return written(join(settings.layout.run, 'nats.conf'), text);
}

/**
 * Writes Envoy's bootstrap, or takes that of last time where nothing that it is made from has changed: making it loads
 * the whole compiler of xds-server, which takes longer than all else of a start.
 */
export async function writeEnvoyBootstrap(
  settings: Pick<Settings, 'layout'> & { readonly request: Pick<UpRequest, 'replicas'> },
): Promise<ConfigFile> {
  const sockets = socketPaths(settings.layout.sockets);
  const options = {
    nodeId: 'envoy-0',
    nodeCluster: 'sluice-standalone',
    xdsSocket: sockets.xds(0),
    moreXdsSockets: Array.from({ length: settings.request.replicas['xds-server'] - 1 }, (_, more) =>
      sockets.xds(more + 1),
    ),
    adminSocket: sockets.envoyAdmin,
  };
  const file = join(settings.layout.run, 'envoy.json');
  const madeFrom = {
    file: `${file}.from`,
    text: JSON.stringify([servicePrograms(['xds-server'])['xds-server'].version, options]),
  };
  const earlier = readText(madeFrom.file) === madeFrom.text ? readText(file) : undefined;
  if (earlier !== undefined) return { file, text: earlier };
  const { envoyBootstrap } = await import('@sluice/xds-server/core');
  const made = written(file, envoyBootstrap(options));
  written(madeFrom.file, madeFrom.text);
  return made;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function written(file: string, text: string): ConfigFile {
  writeWhole(file, text);
  return { file, text };
}
