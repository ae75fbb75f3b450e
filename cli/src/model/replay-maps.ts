// What agents said of their kernels, held against the IR: the agent's own core computes what has to be in the maps.
import { DesiredMaps } from '@sluice/bpf-agent/core';
import { compareRevisions, formatRevision, type Revision } from '@sluice/events';
import { compareText, type IrResource } from '@sluice/ir';
import { nodeOf } from './datapath.ts';
import type { DatapathState } from './world.ts';

/** How the maps of one node compare. */
export interface MapsOutcome {
  readonly node: string;
  /** The newest that its agent has acknowledged; empty: none. */
  readonly revision: string;
  /** `unknown`: it has not acknowledged the newest revision, so there is no IR to hold it against. */
  readonly result: 'same' | 'differs' | 'unknown';
  readonly recordedHash: string;
  readonly computedHash: string;
}

/** Computes the maps of each node that an agent has spoken for, from the newest IR. Sorted by node. */
export function compareMaps(
  states: Iterable<DatapathState>,
  of: { readonly ir: readonly IrResource[]; readonly revision: Revision | undefined },
): MapsOutcome[] {
  return [...states]
    .sort((a, b) => compareText(a.node, b.node))
    .map((state) => {
      const { node, acked, mapsHash: recordedHash } = state;
      const maps = new DesiredMaps(nodeOf([state]));
      maps.apply(of.ir.map((resource) => ({ kind: resource.kind, key: resource.key, resource })));
      const known = acked !== null && of.revision !== undefined && compareRevisions(acked, of.revision) === 0;
      return {
        node,
        revision: acked === null ? '' : formatRevision(acked),
        result: !known ? 'unknown' : maps.hash === recordedHash ? 'same' : 'differs',
        recordedHash,
        computedHash: maps.hash,
      };
    });
}
