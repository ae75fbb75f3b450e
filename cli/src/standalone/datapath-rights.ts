// What a process may do that the datapath needs.
import { canMount, missingCapabilities } from '@sluice/bpf-agent/core';

/**
 * The rights that the agent would not have: root gives its own to what it starts, others the ambient ones alone (capabilities(7)).
 * @param status text of /proc/self/status
 */
export function missingRights(status: string, uid: number): string[] {
  const set = uid === 0 ? 'CapEff' : 'CapAmb';
  const mount = canMount(status, set) ? [] : ['CAP_SYS_ADMIN (to mount bpffs)'];
  return [...missingCapabilities(status, set), ...mount];
}
