import { spawnSync } from 'node:child_process';
import { cgroupRoot } from './cgroup.ts';

const tools = ['ip', 'nsenter', 'setpriv', 'unshare'];

/** Why nodes and pods cannot be made on this machine, with the mend; undefined where they can. */
export function networkUnavailable(): string | undefined {
  if (process.platform !== 'linux') return `network namespaces are of Linux; this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'network namespaces need root: run as root';
  const missing = tools.filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
  if (missing.length > 0) return `${missing.join(', ')} missing: install util-linux and iproute2`;
  if (cgroupRoot() === undefined) return 'no cgroup2 is mounted: `mount -t cgroup2 cgroup2 /sys/fs/cgroup`';
  const namespaces = spawnSync('unshare', ['--net', '--mount', '--cgroup', 'true'], { encoding: 'utf8' });
  if (namespaces.status !== 0) return `the kernel gives no namespaces: ${namespaces.stderr.trim()}`;
  return undefined;
}
