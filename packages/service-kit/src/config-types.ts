import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';

/** Where a server listens. */
export type ListenAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

const tcpPattern = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<host>[^:[\]\s]+)):(?<port>\d{1,5})$/;

/** Reads `unix:/absolute/path` or `host:port` (IPv6 in brackets, port 0 for any); undefined where it is neither. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    return path.startsWith('/') ? { kind: 'unix', path } : undefined;
  }
  const groups = tcpPattern.exec(text)?.groups;
  const host = groups?.v6 ?? groups?.host;
  const port = Number(groups?.port);
  if (host === undefined || !(port <= 65535)) return undefined;
  return { kind: 'tcp', host, port };
}

/** `unix:/path` or `host:port`, parsed. */
export function listenAddress() {
  return z.string().transform((text, context): ListenAddress => {
    const address = parseListenAddress(text);
    if (address !== undefined) return address;
    context.addIssue({ code: 'custom', message: 'must be unix:/absolute/path or host:port' });
    return z.NEVER;
  });
}

/** A list in one variable; empty parts are dropped. `min` is the least number of entries, default 0. */
export function list(separator: ',' | ':', min = 0) {
  return z
    .string()
    .transform((text) =>
      text
        .split(separator)
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .refine((parts) => parts.length >= min, {
      error: `needs at least ${min} ${min === 1 ? 'entry' : 'entries'}, separated by '${separator}'`,
    });
}

/** A whole number within bounds. */
export function integer(min: number, max: number) {
  return z
    .string()
    .regex(/^-?\d+$/, { error: 'must be a whole number' })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error: `must be from ${min} to ${max}` });
}

/** An http(s) URL, as text. */
function httpUrl() {
  return z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });
}

/**
 * The variables that every service reads: spread it into the service's schema,
 * `z.object({ ...commonConfig, SLUICE_MORE: integer(0, 9).prefault('1').meta({ description, example }) })`.
 * `description` and `example` feed the messages, `.env.template` and the README table; `secret: true` hides the value.
 */
export const commonConfig = {
  SLUICE_NATS_URL: z.url({ protocol: /^(nats|tls)$/, error: 'must be a nats:// or tls:// URL' }).meta({
    description: 'Address of the NATS server that holds the event log',
    example: 'nats://127.0.0.1:4222',
  }),
  SLUICE_NATS_SEED_FILE: z.string().optional().meta({
    description: 'File with the nkey seed of this service; without one it connects as nobody',
    example: '/run/sluice/nats.seed',
  }),
  SLUICE_NATS_CA_FILE: z.string().min(1).optional().meta({
    description: "Authority of the NATS server's certificate, PEM, for a tls:// address",
    example: '/etc/sluice/nats-tls/ca.crt',
  }),
  SLUICE_NATS_ADDRESSES_FILE: z.string().min(1).optional().meta({
    description:
      'File with the IP addresses of the host in SLUICE_NATS_URL, one a line, read before each attempt to connect; without one DNS is asked',
    example: '/etc/sluice/nats-addresses/addresses',
  }),
  SLUICE_NATS_MONITOR_URL: httpUrl().optional().meta({
    description: 'Monitoring address of NATS, to check that it writes safely',
    example: 'http://127.0.0.1:8222',
  }),
  SLUICE_HTTP_LISTEN: listenAddress().prefault('127.0.0.1:0').meta({
    description: 'Where /healthz, /readyz and /metrics are served',
    example: 'unix:/run/sluice/service.sock',
  }),
  SLUICE_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .meta({ description: 'Lowest level that is logged', example: 'debug' }),
  SLUICE_REPLICA: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, { error: 'must be a lower-case DNS label' })
    .optional()
    .meta({ description: 'Name of this replica; default: <service>-0', example: 'xds-server-1' }),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl().optional().meta({
    description: 'OTLP/HTTP collector for traces; tracing is off without it',
    example: 'http://127.0.0.1:4318',
  }),
} as const;

/** How to reach the event log, as `connectEventLog` of event-log takes it. */
export function logAddress(config: CommonConfig) {
  const { SLUICE_NATS_SEED_FILE: seedFile, SLUICE_NATS_CA_FILE: caFile } = config;
  const { SLUICE_NATS_MONITOR_URL: monitorUrl, SLUICE_NATS_ADDRESSES_FILE: addressesFile } = config;
  return {
    url: config.SLUICE_NATS_URL,
    ...(seedFile === undefined ? {} : { seedFile }),
    ...(caFile === undefined ? {} : { caFile }),
    ...(addressesFile === undefined ? {} : { addresses: () => readAddresses(addressesFile) }),
    ...(monitorUrl === undefined ? {} : { monitorUrl }),
  };
}

/** IP addresses in a file, one a line; other lines are passed over. None where the file is not there or cannot be read. */
export function readAddresses(file: string): string[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.map((line) => line.trim()).filter((line) => isIP(line) !== 0);
  } catch {
    return [];
  }
}

/** What every service's schema contains. */
export type CommonConfig = z.output<z.ZodObject<typeof commonConfig>>;
