// Where the programs run.
import { SluiceError } from '@sluice/service-kit';
import type { AttachPoint } from '../core/kernel-port.ts';
import { cgroupMount } from '../kernel/places.ts';

/**
 * The points of a node: sockets of all processes of a cgroup, packets at interfaces.
 * @param cgroup default: where cgroup2 is mounted, so all processes of the machine
 * @throws SluiceError `datapath-unavailable` without cgroup2
 */
export function attachPoints(cgroup: string | undefined, interfaces: readonly string[]): AttachPoint[] {
  const path = cgroup ?? cgroupMount();
  if (path === undefined)
    throw new SluiceError('datapath-unavailable', 'cgroup2 is mounted nowhere', {
      hint: 'mount it: mount -t cgroup2 none /sys/fs/cgroup, or name its directory in SLUICE_CGROUP',
    });
  return [
    { kind: 'cgroup', path },
    ...interfaces.flatMap((name): AttachPoint[] => [
      { kind: 'interface', name, direction: 'ingress', program: 'lb_ingress' },
      { kind: 'interface', name, direction: 'egress', program: 'lb_egress' },
    ]),
  ];
}
