// Where the parts of the datapath are in this checkout, and the kernel's places on this machine.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Two levels below the service both as a source and as a bundle (services/bpf-agent/build/<hash>/). */
const service = join(import.meta.dirname, '../..');

/** The object that `npm run bpf` and the set-up build. */
export const builtObject = join(service, 'bpf/build/lb.bpf.o');

/** libbpf: the one that the set-up builds, then the system's. */
export const libbpfPaths: readonly string[] = [
  join(service, '../../.toolchain/libbpf/libbpf.so'),
  'libbpf.so.1',
];

/**
 * Where cgroup2 is mounted, the first place; undefined where it is not.
 * @param mountinfo text of /proc/self/mountinfo (proc_pid_mountinfo(5)); read by default
 */
export function cgroupMount(mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')): string | undefined {
  for (const line of mountinfo.split('\n')) {
    const [mount = '', fileSystem = ''] = line.split(' - ');
    if (!fileSystem.startsWith('cgroup2 ')) continue;
    // spaces and the like are written as three octal digits
    return mount
      .split(' ')[4]
      ?.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
  }
  return undefined;
}
