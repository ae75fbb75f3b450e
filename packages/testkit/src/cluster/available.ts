import { spawnSync } from 'node:child_process';
import { onPath } from './debian.ts';
import { type ProgramName, programsUnavailable } from './programs.ts';

/** The programs of util-linux and iproute2 that make the namespaces. */
const systemTools = ['flock', 'ip', 'mount', 'nsenter', 'setpriv', 'unshare'];

/**
 * Why a cluster cannot run on this machine, with the mend; undefined where it can. Go is needed only while a program is not in the cache.
 * @param programs default: those of a cluster without pods
 */
export function clusterUnavailable(
  programs: readonly ProgramName[] = [
    'etcd',
    'kube-apiserver',
    'kube-controller-manager',
    'gateway-api-crds',
  ],
): string | undefined {
  if (process.platform !== 'linux') return `a test cluster runs on Linux alone; this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'a test cluster needs root, for its network namespaces: run as root';
  const missing = systemTools.filter((tool) => onPath(tool) === undefined);
  if (missing.length > 0)
    return `a test cluster needs ${missing.join(', ')}: install util-linux and iproute2`;
  const namespaces = spawnSync('unshare', ['--net', '--mount', '--pid', '--fork', 'true'], {
    encoding: 'utf8',
  });
  if (namespaces.status !== 0) return `the kernel gives no namespaces: ${namespaces.stderr.trim()}`;
  return programsUnavailable(programs);
}
