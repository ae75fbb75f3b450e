// Mirrors of a rule. What comes in: HTTPRequestMirrorFilter (Gateway API v1.6.3), Services and grants; what goes out:
// the clusters that get copies, and what is wrong with the others. A mirror that leads nowhere is left out: requests go
// on as if it were not there, and ResolvedRefs tells.
import type { Fetch } from '@sluice/incremental';
import type { IrMirror } from '@sluice/ir';
import type { MirrorFilter } from '@sluice/kinds';
import { type BackendNeeds, type RouteOf, resolveBackend } from './backend.ts';
import type { RouteRefFault } from './route-fault.ts';

const million = 1_000_000;

/** A mirror with its place, for messages. */
export interface PlacedMirror {
  readonly filter: MirrorFilter;
  readonly where: string;
}

/** Resolves the mirrors of a rule; those of no request are left out. */
export function resolveMirrors(
  { mirrors, route }: { mirrors: readonly PlacedMirror[]; route: RouteOf },
  needs: BackendNeeds,
  fetch: Fetch,
): { mirrors: IrMirror[]; refFaults: RouteRefFault[] } {
  const found: IrMirror[] = [];
  const refFaults: RouteRefFault[] = [];
  for (const { filter, where } of mirrors) {
    const resolved = resolveBackend({ ref: filter.backendRef, ...route }, needs, fetch);
    const perMillion = shareOf(filter);
    if ('fault' in resolved)
      refFaults.push({ reason: resolved.fault.reason, message: `${where}: ${resolved.fault.message}` });
    else if (perMillion > 0) found.push({ cluster: resolved.cluster, perMillion });
  }
  return { mirrors: found, refFaults };
}

/** All requests where the filter names no share. A fraction above 0 is never rounded to none. */
function shareOf({ percent, fraction }: MirrorFilter): number {
  if (percent !== undefined) return (percent * million) / 100;
  if (fraction === undefined) return million;
  const { numerator, denominator } = fraction;
  if (numerator === 0) return 0;
  return Math.min(million, Math.max(1, Math.round((numerator / denominator) * million)));
}
