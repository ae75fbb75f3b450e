// A comparison as one document.
import type { Fault } from '@sluice/events';
import type { RequestComparison } from '../model/compare-requests.ts';
import type { Comparison } from '../model/comparison.ts';

/** One side, named. */
export interface NamedSide {
  readonly label: string;
  readonly revision: string | null;
}

/** All that is told of a comparison. */
export interface DiffReport {
  readonly from: NamedSide;
  readonly to: NamedSide;
  readonly equal: boolean;
  /** Hashes over the IR of both sides, where another translator was asked. */
  readonly irHash?: { readonly from: string; readonly to: string };
  readonly changes: Comparison;
  /** Null where there is no access log to be asked. */
  readonly requests: RequestComparison | null;
  /** Faults of manifests; their objects are compared as they are in force. */
  readonly faults: readonly Fault[];
  /** What the reader has to know to read it rightly. */
  readonly notes: readonly string[];
}
