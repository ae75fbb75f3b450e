import type { Addressing } from '../core/draft.ts';
import type { Source } from '../core/source.ts';
import { DirectorySource, type DirectorySourceOptions } from './directory-source.ts';
import type { FactsLog } from './facts-log.ts';
import { type AddressWatch, OwnAddresses } from './own-addresses.ts';

/** Where objects come from, and what else is to be done there. */
export interface SourceMode {
  readonly source: Source;
  /** See `Environment.standalone`. */
  readonly standalone: boolean;
  /** Where Gateways get their addresses. */
  readonly addressing: Addressing;
  readonly addresses: AddressWatch;
  /** Resolves when this replica is the one that writes, or the signal aborts. */
  lead(signal: AbortSignal): Promise<void>;
  /** Called once all facts of the first list are on the log and in force. */
  listed(): void;
  /** What runs beside the reconciler, until the signal aborts. Rejects where only a restart mends. */
  beside(facts: FactsLog, signal: AbortSignal): Promise<void>;
  /** After everything has ended and nothing is written any more. */
  close(): Promise<void>;
}

/** Manifest files: there is one api-watcher, and nowhere to write status to. */
export function directoryMode(
  options: DirectorySourceOptions & { readonly pool: readonly string[]; readonly lowPortOffset: number },
): SourceMode {
  const { pool, lowPortOffset } = options;
  const addresses = new OwnAddresses();
  return {
    source: new DirectorySource(options),
    standalone: true,
    addressing: { kind: 'pool', pool, lowPortOffset, usable: (address) => addresses.usable(address) },
    addresses,
    lead: async () => {},
    listed: () => {},
    beside: async () => {},
    close: async () => {},
  };
}
