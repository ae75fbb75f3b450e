import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'undici';
import { parse, stringify } from 'yaml';
import { type LaunchedProcess, launch } from './process.ts';
import { type TempDir, tempDir } from './temp-dir.ts';
import { toolPath } from './tool-path.ts';
import { until } from './until.ts';

/** The bootstrap, as YAML or as the object it stands for. Its `admin` is replaced. */
export interface EnvoyOptions {
  readonly bootstrap: string | object;
  /** Node id on the command line; default: what the bootstrap says. */
  readonly nodeId?: string;
  /** Until when to wait: `serving` (default) needs all first resources, `started` only the admin interface. */
  readonly waitFor?: 'serving' | 'started';
  /** A program with arguments that runs Envoy as its last arguments say, e.g. `unshare -n`; it must not fork. */
  readonly within?: readonly string[];
  /** Path of the admin socket, where the bootstrap speaks of it; default: one of its own. */
  readonly adminSocket?: string;
  /** Further arguments. */
  readonly args?: readonly string[];
}

/** A real Envoy with its admin interface on a private Unix socket. Disposing it ends it. */
export interface RunningEnvoy extends AsyncDisposable {
  readonly process: LaunchedProcess;
  /** Path of the admin socket. */
  readonly adminSocket: string;
  /** Sends a request to the admin interface and resolves with the body. @throws Error for any status but 200 */
  admin(path: string, method?: 'GET' | 'POST'): Promise<string>;
  /** `/config_dump` with `include_eds`, parsed: the configs by the last part of their type, e.g. `ListenersConfigDump`. */
  configDump(): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>>;
  /** Counters and gauges whose names match, by name. */
  stats(filter: string): Promise<Readonly<Record<string, number>>>;
}

/**
 * Starts Envoy with one worker.
 * @throws Error with its log where it does not get ready
 */
export async function startEnvoy(options: EnvoyOptions): Promise<RunningEnvoy> {
  const dir = tempDir();
  const adminSocket = options.adminSocket ?? dir.file('admin.sock');
  const [command = '', ...args] = [
    ...(options.within ?? []),
    toolPath('envoy'),
    ...argumentsOf(options, dir, adminSocket),
  ];
  const launched = await launch({ name: 'envoy', command, args });
  const client = new Client('http://envoy', { socketPath: adminSocket });
  const admin = (path: string, method: 'GET' | 'POST' = 'GET') => askAdmin(client, path, method);
  const end = async (): Promise<void> => {
    await client.destroy();
    await launched.stop();
    dir[Symbol.dispose]();
  };
  try {
    const probe = options.waitFor === 'started' ? '/server_info' : '/ready';
    await until(() => admin(probe).then((body) => body !== '' || !launched.running), {
      message: () => `Envoy to answer ${probe}; its log:\n${launched.log()}`,
    });
    if (!launched.running) throw new Error(`Envoy ended; its log:\n${launched.log()}`);
  } catch (error) {
    await end();
    throw error;
  }
  return {
    process: launched,
    adminSocket,
    admin,
    configDump: () => configDump(admin),
    stats: (filter) => stats(admin, filter),
    [Symbol.asyncDispose]: end,
  };
}

function argumentsOf(
  { bootstrap, nodeId, args = [] }: EnvoyOptions,
  dir: TempDir,
  adminSocket: string,
): string[] {
  const given: Record<string, unknown> = typeof bootstrap === 'string' ? parse(bootstrap) : { ...bootstrap };
  const file = join(dir.path, 'bootstrap.yaml');
  writeFileSync(
    file,
    stringify({ ...given, admin: { address: { pipe: { path: adminSocket, mode: 0o600 } } } }),
  );
  rmSync(adminSocket, { force: true });
  const node = nodeId === undefined ? [] : ['--service-node', nodeId, '--service-cluster', 'test'];
  return [
    '-c',
    file,
    '--concurrency',
    '1',
    '--disable-hot-restart',
    '--log-level',
    'warning',
    ...node,
    ...args,
  ];
}

async function askAdmin(client: Client, path: string, method: 'GET' | 'POST'): Promise<string> {
  const answer = await client.request({ path, method });
  const body = await answer.body.text();
  if (answer.statusCode !== 200)
    throw new Error(`Envoy admin answered ${answer.statusCode} to ${path}: ${body.slice(0, 500)}`);
  return body;
}

async function configDump(admin: (path: string) => Promise<string>) {
  const dump = JSON.parse(await admin('/config_dump?include_eds')) as { configs: Record<string, unknown>[] };
  return Object.fromEntries(
    dump.configs.map((config) => [String(config['@type']).split('.').at(-1) ?? '', config]),
  );
}

async function stats(
  admin: (path: string) => Promise<string>,
  filter: string,
): Promise<Record<string, number>> {
  const answer = await admin(`/stats?format=json&filter=${encodeURIComponent(filter)}`);
  const { stats: all } = JSON.parse(answer) as { stats: { name?: string; value?: number }[] };
  return Object.fromEntries(
    all.flatMap(({ name, value }) => (name === undefined || value === undefined ? [] : [[name, value]])),
  );
}
