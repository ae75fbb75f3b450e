import { join } from 'node:path';
import { natsServerConfig, streamPermissions } from '@sluice/event-log';
import { envoyBootstrap } from '@sluice/xds-server/core/bootstrap';
import { accessOf, natsUsers } from './access.ts';
import type { Keys } from './keys.ts';
import { writeWhole } from './pid-file.ts';
import { socketPaths } from './plan.ts';
import type { Settings, UpRequest } from './settings.ts';

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

/** Writes Envoy's bootstrap. */
export function writeEnvoyBootstrap(
  settings: Pick<Settings, 'layout'> & { readonly request: Pick<UpRequest, 'replicas'> },
): ConfigFile {
  const sockets = socketPaths(settings.layout.sockets);
  const text = envoyBootstrap({
    nodeId: 'envoy-0',
    nodeCluster: 'sluice-standalone',
    xdsSocket: sockets.xds(0),
    moreXdsSockets: Array.from({ length: settings.request.replicas['xds-server'] - 1 }, (_, more) =>
      sockets.xds(more + 1),
    ),
    adminSocket: sockets.envoyAdmin,
  });
  return written(join(settings.layout.run, 'envoy.json'), text);
}

function written(file: string, text: string): ConfigFile {
  writeWhole(file, text);
  return { file, text };
}
