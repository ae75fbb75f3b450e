import type { Source } from '../core/source.ts';
import { DirectorySource, type DirectorySourceOptions } from './directory-source.ts';
import type { FactsLog } from './facts-log.ts';

/** Where objects come from, and what else is to be done there. */
export interface SourceMode {
  readonly source: Source;
  /** See `Environment.standalone`. */
  readonly standalone: boolean;
  /** Resolves when this replica is the one that writes, or the signal aborts. */
  lead(signal: AbortSignal): Promise<void>;
  /** What runs beside the reconciler, until the signal aborts. Rejects where only a restart mends. */
  beside(facts: FactsLog, signal: AbortSignal): Promise<void>;
  /** After everything has ended and nothing is written any more. */
  close(): Promise<void>;
}

/** Manifest files: there is one api-watcher, and nowhere to write status to. */
export function directoryMode(options: DirectorySourceOptions): SourceMode {
  return {
    source: new DirectorySource(options),
    standalone: true,
    lead: async () => {},
    beside: async () => {},
    close: async () => {},
  };
}
