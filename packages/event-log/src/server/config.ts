// The configuration file of a NATS server, as this log needs it. Every text is written as a quoted, escaped string, so
// nothing that a caller passes can become configuration.
import { minPayloadBytes } from '../jetstream/server-check.ts';
import type { UserPermissions } from './permissions.ts';

export interface NatsUser {
  readonly name: string;
  /** Public nkey, `U…`. */
  readonly publicKey: string;
  readonly permissions: UserPermissions;
}

export interface NatsServerSettings {
  readonly host: string;
  readonly port: number;
  /** Port of the monitoring endpoint; absent: none. */
  readonly monitorPort?: number;
  /** Address of the monitoring endpoint. It asks nobody who they are: default loopback. */
  readonly monitorHost?: string;
  /** Paths of PEM files: clients that do not speak TLS are refused. Absent: no TLS. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  readonly storeDir: string;
  /** Empty: no authentication, for tests only. */
  readonly users: readonly NatsUser[];
  readonly pidFile?: string;
}

type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

/** Text of a NATS server configuration: JetStream on files with every write synced, nkeys, nothing else switched on. */
export function natsServerConfig(settings: NatsServerSettings): string {
  const { host, port, monitorPort, monitorHost = '127.0.0.1', tls, storeDir, users, pidFile } = settings;
  const config: Record<string, Value> = {
    host,
    port,
    ...(monitorPort === undefined ? {} : { http: `${monitorHost}:${monitorPort}` }),
    ...(tls === undefined ? {} : { tls: { cert_file: tls.certFile, key_file: tls.keyFile } }),
    ...(pidFile === undefined ? {} : { pid_file: pidFile }),
    max_payload: minPayloadBytes,
    jetstream: { store_dir: storeDir, sync_interval: 'always' },
    ...(users.length === 0 ? {} : { authorization: { users: users.map(userValue) } }),
  };
  return `${Object.entries(config)
    .map(([key, value]) => `${key}: ${render(value)}`)
    .join('\n')}\n`;
}

function userValue(user: NatsUser): Value {
  if (!/^U[A-Z2-7]{55}$/.test(user.publicKey))
    throw new TypeError(`the public key of ${user.name} is no user nkey`);
  const { publish, subscribe } = user.permissions;
  return {
    nkey: user.publicKey,
    permissions: { publish: { allow: publish }, subscribe: { allow: subscribe }, allow_responses: false },
  };
}

function render(value: Value): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map(render).join(', ')}]`;
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${key}: ${render(inner)}`)
    .join(', ')} }`;
}

/** A double-quoted string of the configuration language, control characters as `\\xHH`. */
function quote(text: string): string {
  let out = '';
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (char === '"' || char === '\\') out += `\\${char}`;
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else out += char;
  }
  return `"${out}"`;
}
