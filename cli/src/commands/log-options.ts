/** Streams, in the order of the data's way. */
export const streamNames = ['FACTS', 'IR', 'ACKS', 'STATUS', 'SECRETS'] as const;

/** Options of `sluice log`. */
export interface LogOptions {
  readonly dataDir?: string;
  readonly stream: readonly string[];
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly type?: readonly string[];
  readonly since?: number;
  readonly until?: number;
  readonly fromSeq?: number;
  readonly follow?: boolean;
  readonly output: 'table' | 'json';
}
