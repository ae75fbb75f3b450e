// Which rights a process has. Comes in: the text of /proc/<pid>/status (proc_pid_status(5)); goes out: names of the capabilities that the
// datapath needs and that are missing there.

/** linux/capability.h */
const numbers = { CAP_NET_ADMIN: 12, CAP_PERFMON: 38, CAP_BPF: 39 } as const;
const sysAdmin = 21;

/**
 * Those that a set has not; CAP_SYS_ADMIN holds those of eBPF.
 * @param set default: the effective one. `CapAmb` is what a program that is started gets where the user is not root
 */
export function missingCapabilities(status: string, set: 'CapEff' | 'CapAmb' = 'CapEff'): string[] {
  const has = capabilitiesIn(status, set);
  return Object.entries(numbers)
    .filter(([name, number]) => !has(number) && (name === 'CAP_NET_ADMIN' || !has(sysAdmin)))
    .map(([name]) => name);
}

/** Whether a file system, such as bpffs, can be mounted. */
export function canMount(status: string, set: 'CapEff' | 'CapAmb' = 'CapEff'): boolean {
  return capabilitiesIn(status, set)(sysAdmin);
}

function capabilitiesIn(status: string, set: string): (number: number) => boolean {
  const text = new RegExp(`^${set}:\\s*([0-9a-f]+)`, 'm').exec(status)?.[1];
  const bits = BigInt(`0x${text ?? '0'}`);
  return (number) => ((bits >> BigInt(number)) & 1n) === 1n;
}
