import type { ObjectMeta } from './metadata.ts';

/** Labels of what Sluice makes in a cluster: Services in front of its Envoys, and their EndpointSlices. */
export const managedBy = { 'app.kubernetes.io/managed-by': 'sluice' } as const;

/** Whether an object says that Sluice made it. Anybody may write a label: nothing but convenience may follow from it. */
export function isMadeByUs({ labels }: Pick<ObjectMeta, 'labels'>): boolean {
  return Object.entries(managedBy).every(
    ([name, value]) => Object.hasOwn(labels, name) && labels[name] === value,
  );
}
