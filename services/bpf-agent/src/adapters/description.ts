// What the kernel gives the agent, and what was loaded, as the log is told it.
import type { AckEvent } from '@sluice/events';
import type { AttachPoint, KernelFeatures, LoadedObject } from '../core/kernel-port.ts';

type Described = Extract<AckEvent, { type: 'DatapathDescribed' }>;
/** Without who says it. */
export type Description = Omit<Described, 'type' | 'agent' | 'version' | 'node'>;

/** @param loaded undefined: nothing could be, so far */
export function describe(
  { kernel, libbpf, hooks, missingCapabilities }: KernelFeatures,
  loaded: { readonly object: LoadedObject; readonly ms: number } | undefined,
  points: readonly AttachPoint[],
): Description {
  const interfaces = points.flatMap((point) => (point.kind === 'interface' ? [point.name] : []));
  return {
    ...{ kernel, libbpf, missingCapabilities: [...missingCapabilities] },
    hooks: Object.entries(hooks).map(([hook, state]) => ({
      hook,
      reason: state.available ? '' : state.reason,
    })),
    object: loaded === undefined ? null : objectOf(loaded.object, loaded.ms),
    cgroups: points.flatMap((point) => (point.kind === 'cgroup' ? [point.path] : [])),
    interfaces: [...new Set(interfaces)],
  };
}

function objectOf({ hash, outcome, programs }: LoadedObject, ms: number): Described['object'] {
  const verified = programs.map(({ verifiedInstructions }) => verifiedInstructions);
  return { hash, outcome, loadMs: Math.round(10 * ms) / 10, verifiedInstructions: Math.max(0, ...verified) };
}
