import { type DestinationStream, type Logger, pino } from 'pino';
import { errorFields } from './errors.ts';

export type { Logger } from 'pino';

/** Names of fields that may hold key material: never written, at the top or one or two levels down. */
const keyMaterial = [
  'seed',
  'privateKey',
  'private_key',
  'password',
  'token',
  'tlsKey',
  'secretKey',
  'plaintext',
  '"tls.key"',
];

/** Who is logging. */
export interface LoggerOptions {
  readonly service: string;
  readonly version: string;
  readonly replica: string;
  /** pino level or `silent`. */
  readonly level: string;
  /** Default: standard output, written at once, so that nothing is lost when the process ends. */
  readonly destination?: DestinationStream;
}

/** JSON lines with `service`, `version` and `replica` in each; errors under `err` or `error`; fields that could hold key material are hidden. */
export function createLogger(options: LoggerOptions): Logger {
  const { service, version, replica, level } = options;
  const at = (prefix: string) => (name: string) =>
    name.startsWith('"') ? `${prefix.slice(0, -1)}[${name}]` : `${prefix}${name}`;
  return pino(
    {
      level,
      base: { service, version, replica },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFields, error: errorFields },
      redact: {
        paths: [
          ...keyMaterial.map((n) => (n.startsWith('"') ? `[${n}]` : n)),
          ...keyMaterial.map(at('*.')),
          ...keyMaterial.map(at('*.*.')),
        ],
        censor: '<hidden>',
      },
    },
    options.destination ?? pino.destination({ fd: 1, sync: true }),
  );
}
