// What must hold of a server before facts are entrusted to it.
import { LogError } from '../port.ts';
import { readMonitor } from './monitor.ts';

/** Oldest server with all that we rely on. */
const minVersion = [2, 15] as const;
/** Smallest `max_payload`, bytes: an object of 1.4 MiB with its envelope, several times over. */
export const minPayloadBytes = 8 * 1024 * 1024;

/** @throws LogError `server-too-old`, `server-unsafe` */
export function assertServer(server: {
  version: string;
  max_payload: number;
  jetstream?: boolean | undefined;
}): void {
  const [major = 0, minor = 0] = server.version.split('.').map((part) => Number.parseInt(part, 10));
  if (major < minVersion[0] || (major === minVersion[0] && minor < minVersion[1])) {
    throw new LogError(
      'server-too-old',
      `the NATS server is ${server.version}; ${minVersion.join('.')} or newer is needed`,
      {
        hint: 'Upgrade nats-server: atomic batches and fencing rely on it.',
      },
    );
  }
  if (server.jetstream !== true) {
    throw new LogError('server-unsafe', 'the NATS server has no JetStream', {
      hint: 'Add a `jetstream { store_dir … }` block to its configuration.',
    });
  }
  if (server.max_payload < minPayloadBytes) {
    throw new LogError(
      'server-unsafe',
      `max_payload of the NATS server is ${server.max_payload}; ${minPayloadBytes} is needed`,
      {
        hint: `Set max_payload: ${minPayloadBytes} in its configuration.`,
      },
    );
  }
}

/** Asks the monitoring port whether every write is synced to disk. @throws LogError `server-unsafe` */
export async function assertSynced(monitorUrl: string): Promise<void> {
  const jetstream = await jetstreamConfig(monitorUrl);
  if (jetstream?.sync_always === true) return;
  throw new LogError(
    'server-unsafe',
    'the NATS server does not sync each write to disk: acknowledged events can be lost',
    {
      hint: 'Set `sync_interval: always` in its jetstream block.',
    },
  );
}

async function jetstreamConfig(monitorUrl: string): Promise<Record<string, unknown> | undefined> {
  try {
    const varz = (await readMonitor(new URL('/varz', monitorUrl))) as {
      jetstream?: { config?: Record<string, unknown> };
    };
    return varz.jetstream?.config;
  } catch (cause) {
    throw new LogError('connection', 'the monitoring port of the NATS server does not answer', {
      hint: 'Check the monitor URL, or leave it out.',
      cause,
    });
  }
}
