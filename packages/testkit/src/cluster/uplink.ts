import { spawnSync } from 'node:child_process';

/** The two ends of a cluster's only way out, IPv4. */
export interface Uplink {
  /** On this side. */
  readonly hostAddress: string;
  /** On the cluster's side: its node's address. */
  readonly nodeAddress: string;
}

/** Of RFC 2544's range for measurements between devices, a quarter: one /30 for each cluster. */
const most = 4096;

/**
 * Joins a network namespace with this process's by a veth pair with a /30 of its own. The kernel refuses a name that is taken, which is
 * how two clusters get two numbers; with the namespace the pair goes too. There is no route further than the other end.
 * @param pid of a process in the namespace
 * @throws Error where the kernel refuses, or all numbers are taken
 */
export function addUplink(pid: number): Uplink {
  for (let number = 0; number < most; number += 1) {
    const link = `slcluster${number}`;
    const made = ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'uplink', 'netns', String(pid));
    if (made.includes('File exists')) continue;
    if (made !== '') throw new Error(`cannot make a veth pair: ${made}`);
    const base = `198.18.${number >> 6}.`;
    const low = (number & 63) << 2;
    const hostAddress = `${base}${low + 1}`;
    const nodeAddress = `${base}${low + 2}`;
    const inside = ['nsenter', `--net=/proc/${pid}/ns/net`];
    run(['ip', 'address', 'add', `${hostAddress}/30`, 'dev', link]);
    run(['ip', 'link', 'set', link, 'up']);
    run([...inside, 'ip', 'address', 'add', `${nodeAddress}/30`, 'dev', 'uplink']);
    run([...inside, 'ip', 'link', 'set', 'uplink', 'up']);
    return { hostAddress, nodeAddress };
  }
  throw new Error(`all ${most} numbers for clusters are taken: \`ip link\` lists them as slcluster…`);
}

function ip(...args: readonly string[]): string {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  return status === 0 ? '' : stderr.trim() || `ip ended with ${status}`;
}

function run([command = '', ...args]: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`);
}
